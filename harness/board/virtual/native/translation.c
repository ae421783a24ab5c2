/* Called by Unicorn when it looks up a page of memory for the first time since its table of pages was emptied.
 *
 * Unicorn sends every store to a page that may be executed the slow way, past its translated code: that is all of RAM.
 * Here a page of RAM may be executed only once code was fetched from it. */
#include <stdbool.h>
#include <stdint.h>

enum { PAGE_BITS = 10 };
enum page_kind { ANY, DATA_IN_RAM, CODE_IN_RAM };
enum access { FETCH = 18 };               /* uc_mem_type */
enum { READ = 1, WRITE = 2, EXECUTE = 4 }; /* uc_prot */

typedef struct {
    uint64_t address;
    uint32_t permissions;
} page_entry_t; /* uc_tlb_entry */

typedef struct {
    int (*control)(void *, uint32_t, ...); /* uc_ctl */
    uint64_t flush;                        /* its command that empties the table of pages */
    uint8_t *kinds;                        /* of all pages of the 32-bit address space */
    uint32_t *it_state;                    /* of the core */
} translation_t;

/* The default memory map (Armv7-M ARM B3.1): code, SRAM and external RAM. Of the last page, where no code can be,
 * Unicorn asks by itself at the end of every run. */
static bool may_execute(uint64_t address)
{
    uint64_t space = address >> 29;
    return space <= 1 || space == 3 || space == 4 || address >= 0xFFFFFC00;
}

bool on_translate(void *engine, uint64_t address, int access, page_entry_t *entry, void *user_data)
{
    translation_t *translation = user_data;
    uint8_t *kind = translation->kinds + (address >> PAGE_BITS);
    if (access == FETCH) {
        if (!may_execute(address))
            return false;
        if (*kind == DATA_IN_RAM) {
            *kind = CODE_IN_RAM;
            /* Entries for other privileges may know it as data. */
            translation->control(engine, (uint32_t)translation->flush);
        }
    } else {
        /* For this call Unicorn has put the IT state of the instruction into the core, where its translated code keeps
         * 0 within a block, and leaves it there: the block after this one would be conditional. */
        *translation->it_state = 0;
    }
    entry->address = address;
    entry->permissions = READ | WRITE | (may_execute(address) && *kind != DATA_IN_RAM ? EXECUTE : 0);
    return true;
}
