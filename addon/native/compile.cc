// For the build: compiles a module to bytecode. compile SOURCE RESULT
#include <fcntl.h>
#include <quickjs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace {

bool readFile(const char* path, std::string& text) {
  FILE* file = fopen(path, "rb");
  if (!file) return false;
  char buffer[65536];
  size_t got;
  while ((got = fread(buffer, 1, sizeof buffer, file)) > 0) text.append(buffer, got);
  bool fine = !ferror(file);
  fclose(file);
  return fine;
}

bool writeFile(const char* path, const uint8_t* data, size_t size) {
  FILE* file = fopen(path, "wb");
  if (!file) return false;
  bool fine = fwrite(data, 1, size, file) == size;
  return fclose(file) == 0 && fine;
}

int complain(JSContext* context, const char* path) {
  JSValue thrown = JS_GetException(context);
  const char* text = JS_ToCString(context, thrown);
  JSValue stack = JS_GetPropertyStr(context, thrown, "stack");
  const char* where = JS_ToCString(context, stack);
  fprintf(stderr, "%s: %s\n%s", path, text ? text : "", where ? where : "");
  return 1;
}

}  // namespace

int main(int count, char** words) {
  std::string source;
  if (count != 3) return 2;
  if (!readFile(words[1], source)) {
    perror(words[1]);
    return 1;
  }
  JSRuntime* runtime = JS_NewRuntime();
  JS_SetStripInfo(runtime, JS_STRIP_DEBUG);
  JSContext* context = JS_NewContext(runtime);
  JSValue module = JS_Eval(context, source.data(), source.size(), "tsrun", JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(module)) return complain(context, words[1]);
  size_t size;
  uint8_t* bytecode = JS_WriteObject(context, &size, module, JS_WRITE_OBJ_BYTECODE);
  if (!bytecode) return complain(context, words[1]);
  if (writeFile(words[2], bytecode, size)) return 0;
  perror(words[2]);
  return 1;
}
