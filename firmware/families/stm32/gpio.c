#include "gpio.h"

#include "cortex_m.h"
#include "registers.h"

#define GPIO(port, offset) REGISTER(GPIOA_BASE + 0x400u * (port) + (offset))
#define GPIO_MODER(port) GPIO(port, 0x00u)
#define GPIO_MODER_OUTPUT 1u
#define GPIO_MODER_ALTERNATE 2u
#define GPIO_OSPEEDR(port) GPIO(port, 0x08u)
#define GPIO_OSPEEDR_VERY_HIGH 3u
#define GPIO_BSRR(port) GPIO(port, 0x18u)
#define GPIO_AFR(port, pin) GPIO(port, 0x20u + 4u * ((pin) / 8u))

static void set_field(volatile uint32_t *reg, uint32_t shift, uint32_t mask, uint32_t value)
{
    *reg = (*reg & ~(mask << shift)) | (value << shift);
}

void gpio_make_output(uint32_t port, uint32_t pin)
{
    gpio_write(port, pin, false);
    set_field(&GPIO_OSPEEDR(port), 2u * pin, 3u, GPIO_OSPEEDR_VERY_HIGH);
    set_field(&GPIO_MODER(port), 2u * pin, 3u, GPIO_MODER_OUTPUT);
}

void gpio_make_alternate(uint32_t port, uint32_t pin, uint32_t function)
{
    set_field(&GPIO_AFR(port, pin), 4u * (pin % 8u), 15u, function);
    set_field(&GPIO_OSPEEDR(port), 2u * pin, 3u, GPIO_OSPEEDR_VERY_HIGH);
    set_field(&GPIO_MODER(port), 2u * pin, 3u, GPIO_MODER_ALTERNATE);
}

void gpio_write(uint32_t port, uint32_t pin, bool high)
{
    GPIO_BSRR(port) = 1u << (high ? pin : pin + 16u);
}
