/* SPDX-License-Identifier: BSD-2-Clause */
/* In place of the front in a build without --enable-xdp. The configuration has refused `xdp` there,
 * so that nobody asks for it. */
#include "server/xdp/front.h"
#include "server/xdp/service.h"

bool xdp_front_check(const struct config_server *config, struct error *err)
{
    (void)config;
    (void)err;
    return true;
}

struct xdp_front *xdp_front_open(const struct config_server *config)
{
    (void)config;
    return NULL;
}

void xdp_front_detach(struct xdp_front *front)
{
    (void)front;
}

void xdp_front_close(struct xdp_front *front)
{
    (void)front;
}

struct xdp_service *xdp_service_new(const struct xdp_service_setup *setup)
{
    (void)setup;
    return NULL;
}

void xdp_service_begin(const struct xdp_service *service)
{
    (void)service;
}

void xdp_service_finish(struct xdp_service *service)
{
    (void)service;
}

void xdp_service_close(struct xdp_service *service)
{
    (void)service;
}

void xdp_service_free(struct xdp_service *service)
{
    (void)service;
}
