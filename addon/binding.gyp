{
  "targets": [
    {
      "target_name": "tsrun",
      "sources": [
        "core/call.cc",
        "core/channel.cc",
        "core/events.cc",
        "core/files.cc",
        "core/json.cc",
        "core/launching.cc",
        "core/memory.cc",
        "core/namespaces.cc",
        "core/process.cc",
        "core/sha256.cc",
        "core/text.cc",
        "core/transcode.cc",
        "bindings/napi.cc",
        "bindings/watch.cc"
      ],
      "defines": ["NAPI_VERSION=8", "_GNU_SOURCE", "_FILE_OFFSET_BITS=64"],
      "cflags_cc!": ["-std=gnu++17", "-fno-omit-frame-pointer"],
      "cflags_cc": ["-std=c++17", "-O2", "-fno-exceptions", "-fno-rtti", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"]
    }
  ]
}
