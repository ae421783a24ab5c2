/* The interpreter of one model: what the firmware and the probe share. */
#ifndef INTERPRETER_H
#define INTERPRETER_H

#include <new>

#include "generated.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
#include "tensorflow/lite/schema/schema_generated.h"

extern "C" const unsigned char model_flatbuffer[];

using Resolver = tflite::MicroMutableOpResolver<MODEL_OPERATOR_KINDS>;

/* Only the model's operators: the linker leaves out all others. Null where TensorFlow Lite Micro refuses one. */
inline const Resolver *make_resolver()
{
    alignas(Resolver) static unsigned char memory[sizeof(Resolver)];
    Resolver *resolver = new (memory) Resolver;
    const bool added = MODEL_ADD_OPERATORS(resolver);
    return added ? resolver : nullptr;
}

/* Made in static memory: nothing here allocates, and there are no static constructors. */
template <typename Interpreter>
Interpreter *make_interpreter(uint8_t *arena, size_t bytes, tflite::MicroProfilerInterface *profiler)
{
    alignas(Interpreter) static unsigned char memory[sizeof(Interpreter)];
    const Resolver *resolver = make_resolver();
    if (resolver == nullptr) {
        return nullptr;
    }
    return new (memory) Interpreter(tflite::GetModel(model_flatbuffer), *resolver, arena, bytes, nullptr, profiler);
}

/* Failed checks, which the C library would print: the fault tells where they were. */
extern "C" {
[[noreturn]] inline __attribute__((used)) void abort()
{
    __builtin_trap();
}

[[noreturn]] inline __attribute__((used)) void __assert_func(const char *, int, const char *, const char *)
{
    __builtin_trap();
}

[[noreturn]] inline __attribute__((used)) void __cxa_pure_virtual()
{
    __builtin_trap();
}
}

#endif
