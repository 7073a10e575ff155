{
  "targets": [
    {
      "target_name": "tsrun",
      "sources": [
        "core/bpf.cc",
        "core/call.cc",
        "core/channel.cc",
        "core/events.cc",
        "core/files.cc",
        "core/holder.cc",
        "core/json.cc",
        "core/launch.cc",
        "core/launching.cc",
        "core/locked-trees.cc",
        "core/memory.cc",
        "core/namespaces.cc",
        "core/netlink.cc",
        "core/process.cc",
        "core/program.cc",
        "core/sha256.cc",
        "core/sockets.cc",
        "core/spawn.cc",
        "core/start.cc",
        "core/terminal.cc",
        "core/text.cc",
        "core/transcode.cc",
        "core/user-namespaces.cc",
        "bindings/napi.cc",
        "bindings/watch.cc"
      ],
      "actions": [
        {
          "action_name": "embed_init",
          "inputs": ["core/image.S", "../dist/init"],
          "outputs": ["<(INTERMEDIATE_DIR)/image.S"],
          "action": ["cp", "core/image.S", "<(INTERMEDIATE_DIR)/image.S"],
          "process_outputs_as_sources": 1
        }
      ],
      "defines": ["NAPI_VERSION=8", "_GNU_SOURCE", "_FILE_OFFSET_BITS=64", "INIT_IMAGE=\"<(module_root_dir)/../dist/init\""],
      "cflags_cc!": ["-std=gnu++17", "-fno-omit-frame-pointer"],
      "cflags_cc": ["-std=c++17", "-O2", "-fno-exceptions", "-fno-rtti", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"]
    }
  ]
}
