// Makes plans for tests, field by field, as runtime/plan/encode.ts does for real ones.
#pragma once
#include <cstring>
#include <string>
#include <vector>

#include "../generated/wire.h"

class PlanBuilder {
 public:
  PlanBuilder() : pool_(4, '\0') {}

  // The bytes of one record, to be filled in before the next one is added.
  template <class Fields>
  Fields& add(wire::Op op, wire::By by = wire::By::Init) {
    records_.emplace_back(wire::kRecordSize, '\0');
    auto* fields = reinterpret_cast<Fields*>(records_.back().data());
    fields->header.op = op;
    fields->header.by = by;
    return *fields;
  }
  wire::RecordHeader& plain(wire::Op op, wire::By by = wire::By::Init) {
    struct Only {
      wire::RecordHeader header;
    };
    return add<Only>(op, by).header;
  }

  uint32_t text(const std::string& s) {
    if (s.empty()) return 0;
    auto offset = static_cast<uint32_t>(pool_.size());
    pool_ += s + '\0';
    return offset;
  }
  uint32_t array(const std::vector<uint32_t>& values) {
    pool_.resize((pool_.size() + 3) & ~size_t{3}, '\0');
    auto offset = static_cast<uint32_t>(pool_.size());
    pool_.append(reinterpret_cast<const char*>(values.data()), values.size() * 4);
    return offset;
  }
  uint32_t texts(const std::vector<std::string>& strings) {
    std::vector<uint32_t> offsets;
    for (const auto& s : strings) offsets.push_back(text(s));
    return array(offsets);
  }

  uint32_t steps() const { return static_cast<uint32_t>(records_.size()); }
  uint32_t flags = 0;

  std::string bytes() const {
    wire::Header header{};
    header.magic = wire::kMagic;
    header.version = wire::kVersion;
    header.steps = steps();
    header.flags = flags;
    header.poolOffset = static_cast<uint32_t>(sizeof header + records_.size() * wire::kRecordSize);
    header.poolSize = static_cast<uint32_t>(pool_.size());
    header.size = header.poolOffset + header.poolSize;
    std::string out(reinterpret_cast<const char*>(&header), sizeof header);
    for (const auto& record : records_) out += record;
    return out + pool_;
  }

 private:
  std::string pool_;
  std::vector<std::string> records_;
};

// Steps by name, with the fields that tests vary.
namespace make {

// The parent's records are bare.
inline void clone(PlanBuilder& plan) { plan.plain(wire::Op::Clone, wire::By::Parent); }
inline void parent(PlanBuilder& plan, wire::Op op = wire::Op::SaveState) { plan.plain(op, wire::By::Parent); }
inline wire::Mount& mount(PlanBuilder& plan, const char* target, const char* type, const std::vector<std::string>& options = {}) {
  uint32_t at = plan.text(target), kind = plan.text(type), list = plan.texts(options);
  std::string joined;
  for (const auto& option : options) joined += (joined.empty() ? "" : ",") + option;
  uint32_t data = plan.text(joined);
  auto& step = plan.add<wire::Mount>(wire::Op::Mount);
  step.slot = -1;
  step.target = at;
  step.type = step.source = kind;
  step.slot = -1;
  step.options = list;
  step.optionsCount = static_cast<uint32_t>(options.size());
  step.data = data;
  return step;
}
inline wire::Bind& bind(PlanBuilder& plan, const std::string& source, const char* target, bool recursive = true) {
  uint32_t from = plan.text(source), at = plan.text(target);
  auto& step = plan.add<wire::Bind>(wire::Op::Bind);
  step.source = from;
  step.target = at;
  step.slot = -1;
  step.recursive = recursive;
  return step;
}
inline void openRoot(PlanBuilder& plan, const std::string& path, int32_t slot = -1) {
  uint32_t text = plan.text(path);
  auto& step = plan.add<wire::OpenRoot>(wire::Op::OpenRoot);
  step.path = text;
  step.slot = slot;
}
inline void console(PlanBuilder& plan, int32_t slot, bool bound = true) {
  auto& open = plan.add<wire::OpenConsole>(wire::Op::OpenConsole);
  open.uid = 1000;
  open.rows = 24;
  open.columns = 80;
  open.plain = 1;
  if (bound) plan.plain(wire::Op::BindConsole);
  plan.add<wire::SendConsole>(wire::Op::SendConsole).slot = slot;
  plan.plain(wire::Op::UseConsole);
}
inline void device(PlanBuilder& plan, const char* path, uint32_t type, uint32_t major, uint32_t minor, uint32_t mode = 0666) {
  uint32_t text = plan.text(path);
  auto& step = plan.add<wire::MakeDevice>(wire::Op::MakeDevice);
  step.path = text;
  step.type = type;
  step.major = major;
  step.minor = minor;
  step.mode = mode;
}
inline void symlink(PlanBuilder& plan, const char* path, const char* target, bool replace = false) {
  uint32_t at = plan.text(path), text = plan.text(target);
  auto& step = plan.add<wire::Symlink>(wire::Op::Symlink);
  step.path = at;
  step.target = text;
  step.replace = replace;
}
inline void sysctl(PlanBuilder& plan, const char* file, const char* value) {
  uint32_t at = plan.text(file), text = plan.text(value);
  auto& step = plan.add<wire::SetSysctl>(wire::Op::SetSysctl);
  step.file = at;
  step.value = text;
}
// Any step whose only field is one string.
inline void named(PlanBuilder& plan, wire::Op op, const char* s) {
  uint32_t text = plan.text(s);
  plan.add<wire::Mask>(op).path = text;
}
inline void keyring(PlanBuilder& plan, const char* name, const char* label) {
  uint32_t text = plan.text(name), context = plan.text(label);
  auto& step = plan.add<wire::JoinKeyring>(wire::Op::JoinKeyring);
  step.name = text;
  step.label = context;
}
inline void mask(PlanBuilder& plan, const char* path, const char* label) {
  uint32_t text = plan.text(path), context = plan.text(label);
  auto& step = plan.add<wire::Mask>(wire::Op::Mask);
  step.path = text;
  step.label = context;
}
inline void label(PlanBuilder& plan, const char* path, const char* label) {
  uint32_t text = plan.text(path), context = plan.text(label);
  auto& step = plan.add<wire::LabelFile>(wire::Op::LabelFile);
  step.path = text;
  step.label = context;
}
inline void attribute(PlanBuilder& plan, const char* name, const char* otherwise, const char* value) {
  uint32_t first = plan.text(name), second = plan.text(otherwise), text = plan.text(value);
  auto& step = plan.add<wire::WriteAttribute>(wire::Op::WriteAttribute);
  step.attribute = first;
  step.otherwise = second;
  step.value = text;
}
// 16 bytes of a mask: sched_setaffinity and set_mempolicy.
inline void affinity(PlanBuilder& plan, wire::By by = wire::By::Init) {
  uint32_t mask = plan.text("123456781234567");
  auto& step = plan.add<wire::SetAffinity>(wire::Op::SetAffinity, by);
  step.cpus = mask;
  step.cpusLength = 16;
}
inline void memoryPolicy(PlanBuilder& plan, uint32_t mode, bool nodes) {
  uint32_t mask = plan.text("123456781234567");
  auto& step = plan.add<wire::SetMemoryPolicy>(wire::Op::SetMemoryPolicy);
  step.mode = mode;
  step.nodes = nodes ? mask : 0;
  step.nodesLength = nodes ? 16 : 0;
}
inline void cwd(PlanBuilder& plan, const char* path, bool create) {
  uint32_t text = plan.text(path);
  auto& step = plan.add<wire::SetCwd>(wire::Op::SetCwd);
  step.path = text;
  step.create = create;
}
inline void find(PlanBuilder& plan, const char* name, const std::vector<std::string>& search) {
  uint32_t text = plan.text(name), list = plan.texts(search);
  auto& step = plan.add<wire::FindProgram>(wire::Op::FindProgram);
  step.name = text;
  step.search = list;
  step.searchCount = static_cast<uint32_t>(search.size());
}
inline wire::RunHook& hook(PlanBuilder& plan, const char* path, const std::vector<std::string>& args, uint32_t timeout, int32_t slot) {
  uint32_t kind = plan.text("createContainer"), text = plan.text(path), list = plan.texts(args), env = plan.texts({"PATH=/bin"});
  auto& step = plan.add<wire::RunHook>(wire::Op::RunHook);
  step.kind = kind;
  step.path = text;
  step.args = list;
  step.argsCount = static_cast<uint32_t>(args.size());
  step.env = env;
  step.envCount = 1;
  step.timeout = timeout;
  step.slot = slot;
  return step;
}
inline void await(PlanBuilder& plan, int32_t execFifo, int32_t reportFifo) {
  auto& step = plan.add<wire::AwaitStart>(wire::Op::AwaitStart);
  step.execFifo = execFifo;
  step.reportFifo = reportFifo;
}
inline void exec(PlanBuilder& plan, const std::vector<std::string>& args, const std::vector<std::string>& env = {}, uint32_t preserve = 0) {
  uint32_t list = plan.texts(args), environment = plan.texts(env);
  auto& step = plan.add<wire::Exec>(wire::Op::Exec);
  step.args = list;
  step.argsCount = static_cast<uint32_t>(args.size());
  step.env = environment;
  step.envCount = static_cast<uint32_t>(env.size());
  step.preserve = preserve;
}

}  // namespace make
