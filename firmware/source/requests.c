/* What the host can ask for, see PROTOCOL.md. Every length and offset of a request is checked here. */
#include <stdbool.h>
#include <string.h>

#include "board.h"
#include "firmware.h"
#include "model.h"

extern const uint8_t build_id[sizeof((protocol_info_reply_t *)0)->build_id]; /* from the linker script */

typedef struct {
    uint32_t status;
    int32_t detail;
    size_t size; /* of the data behind the reply's head */
} answer_t;

static struct {
    int32_t init_error;
    uint32_t input_bytes;
    uint32_t output_bytes;
    uint32_t loaded; /* bytes of the inputs, from the first on */
    bool has_run;    /* since inputs were last loaded; then what follows is of that run */
    bool has_steps;
    uint16_t last_sequence;
    inference_t last;
} session;

void requests_start(void)
{
    session.input_bytes = tensors_input_bytes();
    session.output_bytes = tensors_output_bytes();
    session.init_error = model_init();
}

static answer_t refuse(uint32_t status)
{
    return (answer_t){.status = status};
}

/* Behind the head of the reply. */
static answer_t data_of(size_t size)
{
    return (answer_t){.status = PROTOCOL_STATUS_OK, .size = size};
}

static uint8_t *reply_data(void)
{
    return frame_payload() + sizeof(protocol_reply_t);
}

static answer_t info(void)
{
    protocol_info_reply_t reply = {
        .version = PROTOCOL_VERSION,
        .clock_hz = BOARD_CLOCK_HZ,
        .input_count = model_input_count,
        .output_count = model_output_count,
        .input_bytes = session.input_bytes,
        .output_bytes = session.output_bytes,
        .step_count = model_step_count,
        .arena_bytes = model_arena_bytes,
        .stack_reserved = stack_reserved_bytes(),
        .stack_used = stack_used_bytes(),
        .init_error = session.init_error,
    };
    memcpy(reply.build_id, build_id, sizeof reply.build_id);
    memcpy(reply_data(), &reply, sizeof reply);
    return data_of(sizeof reply);
}

/* Chunks come in order: the first at offset 0, each next where the one before ended, or again where that one began. */
static answer_t load_input(const frame_t *request)
{
    protocol_load_input_t load;
    if (request->size <= sizeof load || request->size > sizeof load + PROTOCOL_MAX_DATA) {
        return refuse(PROTOCOL_STATUS_BAD_LENGTH);
    }
    memcpy(&load, request->payload, sizeof load);
    const uint32_t size = (uint32_t)(request->size - sizeof load);
    if (load.offset > session.loaded || size > session.input_bytes - load.offset) {
        return refuse(PROTOCOL_STATUS_OUT_OF_RANGE);
    }
    session.has_run = false;
    tensors_write_inputs(load.offset, request->payload + sizeof load, size);
    session.loaded = load.offset + size;
    return data_of(0);
}

static answer_t infer(const frame_t *request)
{
    protocol_infer_t infer;
    if (request->size != sizeof infer) {
        return refuse(PROTOCOL_STATUS_BAD_LENGTH);
    }
    memcpy(&infer, request->payload, sizeof infer);
    const bool is_repeated = session.has_run && request->sequence == session.last_sequence;
    if (!is_repeated) {
        if (session.init_error != 0) {
            return (answer_t){.status = PROTOCOL_STATUS_MODEL_FAILED, .detail = session.init_error};
        }
        if (session.loaded < session.input_bytes) {
            return refuse(PROTOCOL_STATUS_NO_INPUT);
        }
        session.loaded = 0;
        session.has_steps = (infer.flags & PROTOCOL_INFER_FLAG_TIME_STEPS) != 0;
        session.last = session.has_steps ? inference_run_timing_steps() : inference_run();
        session.last_sequence = request->sequence;
        session.has_run = true;
    }
    if (session.last.error != 0) {
        return (answer_t){.status = PROTOCOL_STATUS_MODEL_FAILED, .detail = session.last.error};
    }
    const protocol_infer_reply_t reply = {.cycles = session.last.cycles};
    memcpy(reply_data(), &reply, sizeof reply);
    return data_of(sizeof reply);
}

static bool has_output(void)
{
    return session.has_run && session.last.error == 0;
}

static answer_t read_output(const frame_t *request)
{
    protocol_read_output_t read;
    if (request->size != sizeof read) {
        return refuse(PROTOCOL_STATUS_BAD_LENGTH);
    }
    memcpy(&read, request->payload, sizeof read);
    if (!has_output()) {
        return refuse(PROTOCOL_STATUS_NO_OUTPUT);
    }
    if (read.length > PROTOCOL_MAX_DATA || read.offset > session.output_bytes ||
        read.length > session.output_bytes - read.offset) {
        return refuse(PROTOCOL_STATUS_OUT_OF_RANGE);
    }
    tensors_read_outputs(read.offset, reply_data(), read.length);
    return data_of(read.length);
}

static answer_t read_steps(const frame_t *request)
{
    protocol_read_steps_t read;
    if (request->size != sizeof read) {
        return refuse(PROTOCOL_STATUS_BAD_LENGTH);
    }
    memcpy(&read, request->payload, sizeof read);
    if (!has_output() || !session.has_steps) {
        return refuse(PROTOCOL_STATUS_NO_OUTPUT);
    }
    if (read.steps > PROTOCOL_MAX_DATA / sizeof(uint64_t) || read.first > MODEL_STEPS ||
        read.steps > MODEL_STEPS - read.first) {
        return refuse(PROTOCOL_STATUS_OUT_OF_RANGE);
    }
    for (uint32_t i = 0; i < read.steps; i++) {
        const uint64_t cycles = inference_step_cycles(read.first + i);
        memcpy(reply_data() + i * sizeof cycles, &cycles, sizeof cycles);
    }
    return data_of(read.steps * sizeof(uint64_t));
}

static answer_t carry_out(const frame_t *request)
{
    switch (request->kind) {
    case PROTOCOL_REQUEST_INFO:
        return request->size == 0 ? info() : refuse(PROTOCOL_STATUS_BAD_LENGTH);
    case PROTOCOL_REQUEST_LOAD_INPUT:
        return load_input(request);
    case PROTOCOL_REQUEST_INFER:
        return infer(request);
    case PROTOCOL_REQUEST_READ_OUTPUT:
        return read_output(request);
    case PROTOCOL_REQUEST_READ_STEPS:
        return read_steps(request);
    default:
        return refuse(PROTOCOL_STATUS_UNKNOWN_REQUEST);
    }
}

void requests_answer(const frame_t *request)
{
    if ((request->kind & PROTOCOL_REPLY_BIT) != 0) {
        return; /* an echo of our own: answering it would never end */
    }
    const answer_t answer = carry_out(request);
    const protocol_reply_t head = {.status = (uint8_t)answer.status, .detail = answer.detail};
    memcpy(frame_payload(), &head, sizeof head);
    frame_send((uint8_t)(request->kind | PROTOCOL_REPLY_BIT), request->sequence, sizeof head + answer.size);
}
