// What lies at fixed addresses: see heap.cc and main.cc, and scripts/native/image.mjs, which fills the heap.
  .section .tsrun.heap, "aw", %nobits
  .balign 4096
  .globl tsrunHeap, tsrunHeapEnd
tsrunHeap:
  .skip HEAP_SIZE
tsrunHeapEnd:

  .section .tsrun.arena, "aw", %nobits
  .balign 4096
  .globl tsrunArena, tsrunArenaEnd
tsrunArena:
  .skip ARENA_SIZE
tsrunArenaEnd:

  .section .tsrun.program, "a", %progbits
  .balign 4096
  .globl tsrunMode, tsrunProgram, tsrunProgramEnd
tsrunMode:
  .long 0
  .balign 16
tsrunProgram:
  .incbin PROGRAM
tsrunProgramEnd:
  .section .note.GNU-stack, "", %progbits
