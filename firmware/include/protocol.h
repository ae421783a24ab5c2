/* Written by firmware/generate_protocol.py from firmware/protocol.toml: change that, not this. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdint.h>

#define PROTOCOL_VERSION 1u
#define PROTOCOL_MAX_DATA 1024u
#define PROTOCOL_REPLY_BIT 0x80u

#define PROTOCOL_REQUEST_INFO 1u
#define PROTOCOL_REQUEST_LOAD_INPUT 2u
#define PROTOCOL_REQUEST_INFER 3u
#define PROTOCOL_REQUEST_READ_OUTPUT 4u
#define PROTOCOL_REQUEST_READ_STEPS 5u

#define PROTOCOL_NOTICE_DAMAGED 254u
#define PROTOCOL_NOTICE_FAULT 255u

#define PROTOCOL_INFER_FLAG_TIME_STEPS 1u

#define PROTOCOL_STATUS_OK 0u
#define PROTOCOL_STATUS_UNKNOWN_REQUEST 1u
#define PROTOCOL_STATUS_BAD_LENGTH 2u
#define PROTOCOL_STATUS_OUT_OF_RANGE 3u
#define PROTOCOL_STATUS_NO_INPUT 4u
#define PROTOCOL_STATUS_NO_OUTPUT 5u
#define PROTOCOL_STATUS_MODEL_FAILED 6u

typedef struct __attribute__((packed)) {
    uint8_t kind;
    uint16_t sequence;
} protocol_header_t;

typedef struct __attribute__((packed)) {
    uint32_t offset;
} protocol_load_input_t;

typedef struct __attribute__((packed)) {
    uint8_t flags;
} protocol_infer_t;

typedef struct __attribute__((packed)) {
    uint32_t offset;
    uint16_t length;
} protocol_read_output_t;

typedef struct __attribute__((packed)) {
    uint32_t first;
    uint16_t steps;
} protocol_read_steps_t;

typedef struct __attribute__((packed)) {
    uint8_t status;
    int32_t detail;
} protocol_reply_t;

typedef struct __attribute__((packed)) {
    uint16_t version;
    uint8_t build_id[20];
    uint32_t clock_hz;
    uint32_t input_count;
    uint32_t output_count;
    uint32_t input_bytes;
    uint32_t output_bytes;
    uint32_t step_count;
    uint32_t arena_bytes;
    uint32_t stack_reserved;
    uint32_t stack_used;
    int32_t init_error;
} protocol_info_reply_t;

typedef struct __attribute__((packed)) {
    uint64_t cycles;
} protocol_infer_reply_t;

typedef struct __attribute__((packed)) {
    uint32_t cfsr;
    uint32_t hfsr;
    uint32_t mmfar;
    uint32_t bfar;
    uint32_t pc;
    uint32_t lr;
    uint32_t xpsr;
    uint32_t exception;
} protocol_fault_t;

#endif
