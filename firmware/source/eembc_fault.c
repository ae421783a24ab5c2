/* A fault in the words of EEMBC's protocol: a line at once, and again for every command that arrives. */
#include "eembc.h"
#include "firmware.h"

static void print_register(const char *head, uint32_t value)
{
    text_print(head);
    text_print_hex(value, 8);
}

_Noreturn void fault_tell(const protocol_fault_t *fault)
{
    for (;;) {
        print_register("e-[fault: cfsr ", fault->cfsr);
        print_register(" hfsr ", fault->hfsr);
        print_register(" mmfar ", fault->mmfar);
        print_register(" bfar ", fault->bfar);
        print_register(" pc ", fault->pc);
        print_register(" lr ", fault->lr);
        print_register(" xpsr ", fault->xpsr);
        print_register(" exception ", fault->exception);
        text_print("]\r\n");
        (void)command_receive();
    }
}
