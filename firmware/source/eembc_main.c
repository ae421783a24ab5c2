/* EEMBC's monitor: one command after another, for ever. */
#include <string.h>

#include "cycles.h"
#include "eembc.h"
#include "eembc_model.h"
#include "firmware.h"
#include "platform.h"

/* The runner of MLPerf Tiny knows firmware that it can drive by this. */
#define PROFILE "ULPMark for tinyML Firmware V0.0.1"
#define VENDOR "tinyml-harness"

static void print_help(void)
{
    text_print(PROFILE "\r\n\r\n"
                       "help         : Print this information\r\n"
                       "name         : Print the name of the device\r\n"
                       "profile      : Print the names of firmware and model\r\n"
                       "timestamp    : Print the time in microseconds\r\n"
                       "db SUBCMD    : Manipulate the sample\r\n"
                       "  load N     : Announce N bytes\r\n"
                       "  HH[HH]*    : Load bytes until there are N, at most 38 in a command\r\n"
                       "  print      : Print what is loaded\r\n"
                       "infer N [W=10]: Warm up with W inferences, time N\r\n"
                       "results      : Print the results again\r\n");
}

static void carry_out(const char *name, char *arguments)
{
    if (strcmp(name, "db") == 0) {
        sample_command(arguments);
    } else if (strcmp(name, "infer") == 0) {
        inference_command(arguments);
    } else if (strcmp(name, "results") == 0) {
        inference_results_command();
    } else if (strcmp(name, "timestamp") == 0) {
        inference_print_time();
    } else if (strcmp(name, "name") == 0) {
        text_print("m-name-dut-[" VENDOR "]\r\n");
    } else if (strcmp(name, "profile") == 0) {
        text_print("m-profile-[" PROFILE "]\r\nm-model-[" EEMBC_MODEL "]\r\n");
    } else if (strcmp(name, "help") == 0) {
        print_help();
    } else {
        text_print("e-[Unknown command: ");
        text_print(name);
        text_print("]\r\n");
    }
}

_Noreturn void bench_loop(void)
{
    platform_init();
    cycles_start_counters();
    inference_start_clock();
    text_print("m-timestamp-mode-performance\r\n");
    inference_print_time();
    inference_initialise_model();
    text_print("m-init-done\r\n");
    for (;;) {
        text_print("m-ready\r\n");
        char *command = command_receive();
        if (command == NULL) {
            text_print("e-[Command too long]\r\n");
            continue;
        }
        const char *name = command_next_word(&command);
        if (name != NULL) {
            carry_out(name, command);
        }
    }
}
