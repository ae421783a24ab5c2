/* A model's tensors, one after another in the model's order, as one string of bytes. */
#include <string.h>

#include "firmware.h"
#include "model.h"

static uint32_t total_bytes(const model_tensor_t *tensors, uint32_t count)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += tensors[i].bytes;
    }
    return total;
}

uint32_t tensors_input_bytes(void)
{
    return total_bytes(model_inputs, model_input_count);
}

uint32_t tensors_output_bytes(void)
{
    return total_bytes(model_outputs, model_output_count);
}

/* Finds the tensor that holds byte `offset`; tells the byte's address, and how many follow within the tensor. */
static uint8_t *locate(const model_tensor_t *tensor, uint32_t offset, uint32_t *available)
{
    while (offset >= tensor->bytes) {
        offset -= tensor->bytes;
        tensor++;
    }
    *available = tensor->bytes - offset;
    return (uint8_t *)tensor->data + offset;
}

void tensors_write_inputs(uint32_t offset, const uint8_t *data, uint32_t size)
{
    while (size > 0) {
        uint32_t available;
        uint8_t *to = locate(model_inputs, offset, &available);
        const uint32_t part = size < available ? size : available;
        memcpy(to, data, part);
        offset += part;
        data += part;
        size -= part;
    }
}

void tensors_read_outputs(uint32_t offset, uint8_t *data, uint32_t size)
{
    while (size > 0) {
        uint32_t available;
        const uint8_t *from = locate(model_outputs, offset, &available);
        const uint32_t part = size < available ? size : available;
        memcpy(data, from, part);
        offset += part;
        data += part;
        size -= part;
    }
}
