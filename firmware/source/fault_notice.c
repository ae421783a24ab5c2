/* A fault in the words of the bench protocol: a notice at once, and again for every frame that arrives. */
#include <string.h>

#include "firmware.h"

_Noreturn void fault_tell(const protocol_fault_t *fault)
{
    for (;;) {
        memcpy(frame_payload(), fault, sizeof *fault);
        frame_send(PROTOCOL_NOTICE_FAULT, 0, sizeof *fault);
        (void)frame_receive();
    }
}
