  .section .rodata
  .balign 16
  .globl tsrunInitImage
  .hidden tsrunInitImage
tsrunInitImage:
  .incbin INIT_IMAGE
  .globl tsrunInitImageEnd
  .hidden tsrunInitImageEnd
tsrunInitImageEnd:
  .byte 0
  .section .note.GNU-stack, "", %progbits
