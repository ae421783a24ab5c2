/* What the parts of the bench firmware offer each other. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

/* ---- stack.c; the bounds come from the linker script ---- */
extern uint32_t stack_start[];
extern uint32_t stack_end[];
void stack_paint(void);
uint32_t stack_reserved_bytes(void);
uint32_t stack_used_bytes(void);

/* ---- frame.c ---- */
typedef struct {
    uint8_t kind;
    uint16_t sequence;
    uint8_t *payload; /* valid until the next frame is received or sent */
    size_t size;      /* of the payload */
} frame_t;

/* Waits for the next whole frame with a right checksum; what else comes is reported as damaged. */
frame_t frame_receive(void);

/* Where the payload of the next frame to send is built: FRAME_MAX_PAYLOAD bytes, shared with the frame received. */
uint8_t *frame_payload(void);
void frame_send(uint8_t kind, uint16_t sequence, size_t payload_size);

/* The largest payloads are a reply, or a request to load, with PROTOCOL_MAX_DATA bytes behind it. */
#define FRAME_MAX_PAYLOAD (sizeof(protocol_reply_t) + PROTOCOL_MAX_DATA)

/* ---- tensors.c: a model's inputs, and its outputs, each as one string of bytes ---- */
uint32_t tensors_input_bytes(void);
uint32_t tensors_output_bytes(void);
/* The range must lie within the string. */
void tensors_write_inputs(uint32_t offset, const uint8_t *data, uint32_t size);
void tensors_read_outputs(uint32_t offset, uint8_t *data, uint32_t size);

/* ---- inference.c ---- */
typedef struct {
    int32_t error;
    uint64_t cycles;
} inference_t;

inference_t inference_run(void);
/* The same, with the cycles of every step kept for inference_step_cycles. */
inference_t inference_run_timing_steps(void);
uint64_t inference_step_cycles(uint32_t step);

/* ---- requests.c ---- */
void requests_start(void);
/* Carries out a request and sends its reply. */
void requests_answer(const frame_t *request);

/* ---- fault.c ---- */
void fault_handler(void);

/* ---- of each protocol its own: fault_notice.c and main.c, or eembc_fault.c and eembc_main.c ---- */
/* Tells the host of a fault, and again whenever it asks for anything. */
_Noreturn void fault_tell(const protocol_fault_t *fault);
_Noreturn void bench_loop(void);

#endif
