/* Frames on the console: consistent-overhead byte stuffing between zero bytes, with a CRC-32 at the end. */
#include <stdbool.h>
#include <string.h>

#include "firmware.h"
#include "platform.h"

#define DELIMITER 0u
#define CRC_BYTES 4u
#define MAX_BLOCK 0xFFu /* a block's code; it stands for 254 bytes and no zero after them */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the protocol's layouts are laid over memory");

/* One buffer serves both ways: a request is used up before its reply is built. */
static uint8_t buffer[sizeof(protocol_header_t) + FRAME_MAX_PAYLOAD + CRC_BYTES];

/* As in zlib and IEEE 802.3, four bits at a time. */
static uint32_t crc32(const uint8_t *data, size_t size)
{
    static const uint32_t table[16] = {
        0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
        0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu, 0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
    };
    uint32_t crc = ~0u;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        crc = table[crc & 15u] ^ (crc >> 4);
        crc = table[crc & 15u] ^ (crc >> 4);
    }
    return ~crc;
}

#define MALFORMED SIZE_MAX

/* Unstuffs bytes into the buffer up to the next delimiter. Returns how many they are, or MALFORMED. */
static size_t receive_stuffed(void)
{
    size_t size = 0;
    uint32_t left_in_block = 0;
    bool zero_is_due = false;
    bool fits = true;
    for (;;) {
        uint8_t byte = platform_console_read();
        if (byte == DELIMITER) {
            return (fits && left_in_block == 0) ? size : MALFORMED;
        }
        if (left_in_block > 0) {
            left_in_block--;
        } else {
            const bool stands_for_zero = zero_is_due;
            left_in_block = byte - 1u;
            zero_is_due = byte != MAX_BLOCK;
            if (!stands_for_zero) {
                continue;
            }
            byte = 0;
        }
        if (size < sizeof buffer) {
            buffer[size++] = byte;
        } else {
            fits = false;
        }
    }
}

static bool is_whole(size_t size)
{
    if (size == MALFORMED || size < sizeof(protocol_header_t) + CRC_BYTES) {
        return false;
    }
    uint32_t sent_crc;
    memcpy(&sent_crc, buffer + size - CRC_BYTES, CRC_BYTES);
    return sent_crc == crc32(buffer, size - CRC_BYTES);
}

frame_t frame_receive(void)
{
    for (;;) {
        const size_t size = receive_stuffed();
        if (size == 0) {
            continue; /* two delimiters with nothing between */
        }
        if (!is_whole(size)) {
            frame_send(PROTOCOL_NOTICE_DAMAGED, 0, 0);
            continue;
        }
        protocol_header_t header;
        memcpy(&header, buffer, sizeof header);
        return (frame_t){
            .kind = header.kind,
            .sequence = header.sequence,
            .payload = frame_payload(),
            .size = size - sizeof header - CRC_BYTES,
        };
    }
}

uint8_t *frame_payload(void)
{
    return buffer + sizeof(protocol_header_t);
}

static void send_stuffed(size_t size)
{
    const uint8_t delimiter = DELIMITER;
    platform_console_write(&delimiter, 1);
    size_t start = 0;
    bool more = true;
    while (more) {
        size_t end = start;
        while (end < size && end - start < MAX_BLOCK - 1u && buffer[end] != 0) {
            end++;
        }
        const uint8_t code = (uint8_t)(end - start + 1u);
        platform_console_write(&code, 1);
        platform_console_write(buffer + start, end - start);
        /* After a full block nothing is implied; after a shorter one, the zero that ended it, or the frame's end. */
        more = end < size;
        start = code == MAX_BLOCK ? end : end + 1u;
    }
    /* Twice: should the line lose one, the other end still knows at once that the frame has ended. */
    platform_console_write(&delimiter, 1);
    platform_console_write(&delimiter, 1);
}

void frame_send(uint8_t kind, uint16_t sequence, size_t payload_size)
{
    const protocol_header_t header = {.kind = kind, .sequence = sequence};
    memcpy(buffer, &header, sizeof header);
    const size_t size = sizeof header + payload_size;
    const uint32_t crc = crc32(buffer, size);
    memcpy(buffer + size, &crc, CRC_BYTES);
    send_stuffed(size + CRC_BYTES);
}
