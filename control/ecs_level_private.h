/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of ecs_level share. */
#pragma once

#include "control/aws/aws_client.h"
#include "control/ecs_described.h"
#include "control/ecs_level.h"
#include "control/ecs_level_take.h"

#define SERVICES_MAX 10 /* of DescribeServices */
#define PROBLEM_SIZE 256

struct level_service {
    const char *cluster; /* as the rule has it */
    const char *name;
    bool is_due;
    struct ecs_described described;
    int64_t described_ms;                 /* wall clock; 0: never */
    unsigned healthy, unhealthy, unknown; /* running tasks, by ECS's own checks */
    char code[PROBLEM_SIZE];
    char problem[PROBLEM_SIZE]; /* of the last answer about it; "" */
};

/* A service that is being looked at. */
struct look {
    struct level_service *service;
    json_t *document; /* of DescribeServices */
    json_t *arns;     /* of its tasks */
    json_t *tasks;    /* described */
    bool lists_stopped;
    bool has_failed; /* DescribeServices has nothing of it */
};

struct ecs_level {
    struct control *control;
    struct level_service *services;
    size_t count;
    uv_timer_t interval, soon, turn;
    size_t open_handles;
    struct aws_call *call;
    struct look looks[SERVICES_MAX]; /* of one cluster */
    size_t look_count, at;
    struct ecs_level_taking taking; /* of looks[at], while `turn` runs */
    bool is_taking;                 /* what is taken in now is our own */
};
