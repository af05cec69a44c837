/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration file, read whole (YAML by libcyaml) and checked as far as the file alone can
 * tell: unknown keys, types, ranges, names used twice, references to nothing. What needs a zone
 * (is this a name? does the file define it too?) is checked by zones/. Every error reads
 * "file:line: what, what was expected".
 *
 * Plain data, const once loaded, read by any thread. Defaults are filled in, relative paths are
 * resolved against the directory of the file. `line` is where the item starts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/error.h"
#include "common/search_tree.h"

#define CONFIG_NSID_MAX 128

struct config_cookies {
    bool is_enabled;         /* default true */
    const char *secret_file; /* one or two lines of 32 hexadecimal digits; NULL: made at start */
    bool is_required;        /* over UDP; without a valid one: BADCOOKIE */
};

struct config_rate_limit {
    unsigned responses_per_second; /* of each worker, to one client network; 0, the default: off */
    unsigned window_s;             /* default 15 */
    unsigned slip;                 /* every how many-th over the limit is truncated; default 2 */
    unsigned size;                 /* buckets of each worker; default 65536 */
    struct prefix *exempt;
    size_t exempt_count;
};

enum config_xdp_mode { CONFIG_XDP_AUTO, CONFIG_XDP_NATIVE, CONFIG_XDP_GENERIC };

/* An interface whose queries over UDP come past the kernel's sockets. */
struct config_xdp {
    const char *interface;
    enum config_xdp_mode mode; /* default auto: native where the driver can, else generic */
    unsigned queues;           /* the first so many receive queues; 0, the default: all */
};

#define CONFIG_WORKERS_MAX 256

struct config_server {
    /* `answers: false`: no zone is needed, and every record set is one that Route 53 has: Ballast
     * only drives it. */
    bool answers_nobody;
    struct address *listen; /* UDP and TCP each; at least one, or none when nobody is answered */
    size_t listen_count;
    unsigned workers;   /* 0 when nobody is answered; "auto" (one per processor that the process may
                           use) is resolved here */
    bool steers_by_cpu; /* queries over UDP; false, the default: by hash of their addresses */
    uint16_t udp_payload_max; /* octets; default 1232; 512 to 4096 */
    unsigned resolver_sample; /* one in so many clients is followed; default 16; 0: nobody */
    bool has_full_additional; /* addresses of the hosts in the answer; default false: minimal */
    const char *version;      /* version.bind and version.server TXT CH; NULL: REFUSED */
    const char *identity;     /* id.server and hostname.bind TXT CH; NULL: REFUSED */
    const uint8_t *nsid;      /* RFC 5001; NULL: not answered */
    size_t nsid_len;          /* at most CONFIG_NSID_MAX */
    struct config_cookies cookies;
    struct config_rate_limit rate_limit;
    int64_t tcp_idle_timeout_ms;             /* default 10 s */
    unsigned tcp_max_connections;            /* in all, over all workers; default 1000 */
    unsigned tcp_max_connections_per_client; /* over all workers; default 100 */
    struct prefix *client_subnet; /* sources whose EDNS client subnet option steers `sticky` */
    size_t client_subnet_count;   /* 0, the default: from nobody */
    bool refuses_client_subnet;   /* from others REFUSED; false, the default: ignored */
    struct config_xdp *xdp;       /* never without --enable-xdp */
    size_t xdp_count;
    struct prefix *proxies; /* from these every datagram and connection begins with PROXY v2 */
    size_t proxy_count;
};

/* Who may do what on the admin socket, by the peer's credentials: "name", "@group" or a number.
 * The daemon's own user and root may do everything. */
struct config_rights {
    const char **read; /* empty: whoever can connect may read */
    size_t read_count;
    const char **change; /* empty: only the daemon's own user and root */
    size_t change_count;
};

/* How alias targets are looked up. */
struct config_alias {
    int64_t min_ttl_ms, max_ttl_ms; /* what is made of the TTLs that come; default 5 s, 60 s */
    int64_t stale_after_ms;         /* so long without an answer, the member is unhealthy; 1 h */
};

/* Several nodes that share their state in a table of DynamoDB. */
struct config_fleet {
    const char *table; /* NULL: the state file is all there is */
    const char *name;  /* of the fleet, default "ballast" */
    const char *node;  /* of this one; NULL: the host's name */
    int64_t lease_ms;  /* default 15 s */
    int64_t interval_ms;
    unsigned line;
};

struct config_control {
    const char *socket; /* path of the unix socket */
    bool has_http;
    struct address http;         /* events, /healthz; loopback unless a token is set */
    int64_t history_keep_ms;     /* how long lines of the history are kept; 0: whatever their age */
    unsigned history_most;       /* how many; default 100,000 */
    const char *http_token_file; /* holds the bearer token for POST; NULL: POST is refused */
    const char *state;           /* path of the SQLite file */
    struct config_rights rights;
    struct address *resolvers; /* asked for alias targets */
    size_t resolver_count;     /* 0: those of /etc/resolv.conf */
    struct config_alias alias;
    struct config_fleet fleet;
    unsigned socket_line, state_line, http_token_line, rights_line;
};

enum config_denial { CONFIG_DENIAL_NSEC, CONFIG_DENIAL_NSEC3 };

/* What is made for a zone that has no key at all. */
enum config_first_keys { CONFIG_FIRST_CSK, CONFIG_FIRST_KSK_AND_ZSK, CONFIG_FIRST_NONE };

/* A zone that is signed here. */
struct config_dnssec {
    const char *keys;              /* path of the folder with the key files */
    enum config_denial denial;     /* default nsec; nsec3 has 0 iterations and no salt */
    int64_t signature_lifetime_ms; /* default 14 d; 1 h to 365 d */
    /* Default 5 d, at most three quarters of the lifetime: when so much is left of the signature
     * that ends first, the zone is signed anew. */
    int64_t refresh_ms;
    enum config_first_keys first_keys;        /* default csk */
    uint8_t algorithm;                        /* of the first keys; default 13 */
    int64_t zsk_lifetime_ms, ksk_lifetime_ms; /* 0, the default: for ever */
    int64_t parent_ds_ttl_ms;                 /* default 1 d */
    int64_t propagation_ms;                   /* default 1 h */
    unsigned line;
};

struct config_zone {
    const char *name;
    const char *file;
    const struct config_dnssec *dnssec; /* NULL: the file is served as it is */
    unsigned line;
};

/* elbv2 asks AWS how the targets of a target group are; the others probe each address. */
enum config_check_type { CHECK_HTTP, CHECK_HTTPS, CHECK_TCP, CHECK_ELBV2 };

struct config_health_check {
    const char *name;
    enum config_check_type type;
    uint16_t port;    /* defaults 80, 443; required for tcp */
    const char *path; /* default "/" */
    const char *host; /* Host header, and SNI and the verified name with https; NULL: the address */
    const char *body; /* this string must be in the first 5120 octets of the body; NULL: any */
    bool verify;      /* https: verify the certificate; default true */
    const char *ca_file;              /* PEM; NULL: the system's */
    unsigned status_low, status_high; /* expect: "200-299" (default) or "200" */
    int64_t interval_ms;              /* default 10 s */
    int64_t timeout_ms;               /* default 5 s, at most the interval */
    unsigned rise, fall;              /* default 2, 2; 1 to 10 */
    const char *target_group;         /* of elbv2: its ARN; NULL: of the others */
    unsigned minimum;                 /* of elbv2: percent of its targets; default 100; 1 to 100 */
    int64_t stale_after_ms; /* of elbv2: so long without an answer there is no verdict; 5 min */
    unsigned line;
};

enum config_choice { CHOICE_EXACT, CHOICE_RANDOM, CHOICE_STICKY };
const char *config_choice_name(enum config_choice choice);

/* What Route 53 has of a member, beside its weight. */
struct config_route53_member {
    const char *set_identifier;  /* 1 to 128 octets; default: the prefix and the member's id */
    const char *alias_zone_id;   /* of the alias target; NULL: its values go there */
    const char *alias_name;      /* default: the member's alias */
    bool evaluate_target_health; /* of an alias; default true */
    const char *health_check_id; /* Route 53's; NULL: none */
    unsigned line;
};

/* A record set that Route 53 is kept in step with. */
struct config_route53_set {
    const char *zone_id; /* the hosted zone's: "Z…" */
    uint32_t ttl_s;      /* of all members without an alias; default: the record set's */
    bool adopts_foreign; /* members that are not Ballast's may be there; default: they may not */
    bool mirrors_checks; /* `health_checks: mirror`; Route 53 can have every check of its members */
    unsigned line;
};

/* How Route 53 is kept in step. Defaults when the configuration says nothing. */
struct config_route53 {
    const char *prefix;       /* set identifiers that begin so are Ballast's; default "ballast-" */
    const char **identifiers; /* … these are, and no others; then prefix is NULL */
    size_t identifier_count;
    bool adopts_foreign; /* default of the record sets; default false */
    bool corrects_drift; /* else it is only reported; default true */
    unsigned rate;       /* requests per second, all of Route 53's; 1 to 50, default 5 */
    int64_t interval_ms; /* between two looks for drift; default 5 min */
    int64_t poll_ms;     /* between two questions whether a change is in sync; default 5 s */
    int64_t settle_ms;   /* after which a change whose id is not known counts as in sync; 60 s */
    unsigned line;       /* 0: the configuration has no `route53` */
};

/* Whether Route 53 gets a health check of its own of the member: it has one here, is no alias there
 * and names none of Route 53's. For members of record sets with `health_checks: mirror`. */
struct config_member;
bool config_route53_mirrors(const struct config_member *member);

/* Whether a record set of that set identifier is Ballast's. */
bool config_route53_owns(const struct config_route53 *route53, const char *identifier);

struct config_member {
    const char *id;      /* set identifier, 1 to 128 octets, unique in the record set */
    uint8_t weight;      /* at first start; afterwards the state file knows */
    const char **values; /* RDATA in presentation form; at least one, or none with an alias */
    size_t value_count;
    const char *alias; /* host whose addresses are the values; NULL: the values are above */
    const struct config_health_check *health_check; /* NULL: always healthy */
    const char *ecs_service;                        /* NULL: no event concerns it */
    const char *ecs_container; /* exact name of a container in the task; NULL: any */
    const char *traffic_query; /* there when the record set has traffic */
    const struct config_route53_member *route53; /* there when the record set has route53 */
    unsigned line;
};

/* Who measures the real traffic of a record set's members: Prometheus or CloudWatch. */
struct config_traffic {
    bool is_cloudwatch;     /* asked by `aws`; url, ca_file and token_file are NULL then */
    int64_t delay_ms;       /* of CloudWatch: how late its values are; default 1 min */
    const char *url;        /* the server's, without /api/v1/… and final slashes */
    const char *ca_file;    /* PEM; NULL: the system's */
    const char *token_file; /* a bearer token; NULL: none is sent */
    int64_t interval_ms;    /* default 15 s; what is older than three of them does not count */
    int64_t timeout_ms;     /* default 5 s, at most the interval */
    int64_t window_ms;      /* over which the queries look back; default 1 min */
    double min_rate;        /* requests per second of all members; fewer tell nothing; default 1 */
    unsigned line;
};

struct config_record_set {
    const char *name; /* as written; zones/ parses it */
    const char *type;
    uint32_t ttl_s; /* default 60 */
    enum config_choice choice;
    struct config_member *members; /* 1 to 100 */
    size_t member_count;
    const struct config_traffic *traffic;     /* NULL: nobody measures it */
    const struct config_route53_set *route53; /* NULL: Route 53 does not have it */
    const struct config_rollout *rollout;     /* that moves it; NULL: none */
    unsigned line;
};

/* A Resource of a state machine, and which of ours it stands for. */
struct config_resource {
    const char *from, *to;
};

struct config_plan {
    uint8_t *steps; /* the candidate's weight, ascending, 1 to 100; the stable has 100 minus it */
    size_t step_count;
    int64_t hold_ms;       /* default 60 s */
    bool allow_short_hold; /* else the hold is at least the record set's TTL */
    const char *asl;       /* the file of a state machine, in place of the above; or NULL */
    unsigned asl_line;
    struct config_resource *resources;
    size_t resource_count;
    unsigned ttl_s; /* of answers during the rollout, where theirs is longer; 0: as it is */
    int64_t
        fall_back_budget_ms; /* how long a fall-back may take at caches; 0: as long as it takes */
};
/* The longest TTL that caches are told of a record set: its own, or what Route 53 has. */
uint32_t config_record_set_ttl_s(const struct config_record_set *set);
/* The TTL during the rollout of a record set that has ttl_s. */
uint32_t config_plan_ttl_s(const struct config_plan *plan, uint32_t ttl_s);

/* What a gate asks. */
enum config_gate_type {
    GATE_TYPE_WEBHOOK,    /* a POST, which is answered with pass, fail or wait */
    GATE_TYPE_THRESHOLD,  /* a metric: the one value of a Prometheus query, within limits */
    GATE_TYPE_COMPARISON, /* a metric: the candidate's samples against the stable member's */
    GATE_TYPE_APPROVAL,   /* an operator: rollout approve, rollout reject */
    GATE_TYPE_TRAFFIC,    /* whether the real traffic of the record sets is as expected */
};
/* As `type` of a gate has it: "webhook", "metric" (of both kinds), "approval", "traffic". */
const char *config_gate_type_name(enum config_gate_type type);

/* What follows when a gate says neither pass nor fail. */
enum config_gate_otherwise {
    GATE_OTHERWISE_FALL_BACK, /* as when it fails */
    GATE_OTHERWISE_CONTINUE,  /* as when it passes */
    GATE_OTHERWISE_WAIT,      /* it is asked again after interval_ms */
};
const char *config_gate_otherwise_name(enum config_gate_otherwise otherwise); /* "fall_back", … */

/* A metric: one query with limits, or two whose samples are compared. */
struct config_gate_metric {
    bool is_cloudwatch; /* asked by `aws`; the gate has no URL then */
    int64_t delay_ms;   /* of CloudWatch: how late its values are; default 1 min */
    const char *query;  /* of a threshold; the others are of a comparison */
    bool has_min, has_max;
    double min, max; /* the value may equal them */
    const char *candidate_query, *stable_query;
    int64_t window_ms;     /* how far back samples (of CloudWatch values, too) go; default 5 min */
    int64_t resolution_ms; /* between two samples; default 5 s */
    double significance;   /* of the one-sided test; default 0.05 */
    double effect;         /* |Cliff's delta| from which on a difference matters; default 0.147 */
    unsigned min_samples;  /* of each side; default 10 */
    bool is_lower_worse;   /* default false */
};

#define GATE_PLACEHOLDER_COUNT 6
/* What may stand in braces in the queries of a gate, and in the URL of a webhook; ends with NULL.
 */
extern const char *const config_gate_placeholders[GATE_PLACEHOLDER_COUNT + 1];

struct config_gate {
    const char *name; /* unique in the rollout */
    enum config_gate_type type;
    bool is_at_step;  /* asked when a hold is over; default true */
    bool is_in_holds; /* asked every interval_ms during holds; default false */
    /* Of webhooks and metrics, but for what says more: */
    const char *url;         /* of a metric the server's, without /api/v1/… and final slashes */
    const char *secret_file; /* of a webhook: signs the requests; NULL: they are not signed */
    const char *token_file;  /* of a metric: a bearer token; NULL: none is sent */
    const char *ca_file;     /* PEM; NULL: the system's */
    int64_t timeout_ms;      /* of one attempt; default 10 s */
    unsigned retries;        /* attempts after the first one that fails; default 3 */
    int64_t interval_ms;     /* between two questions; default 10 s */
    enum config_gate_otherwise on_error;        /* default fall_back */
    enum config_gate_otherwise on_inconclusive; /* of a metric, of traffic; default wait */
    /* From the first question at a step to the end of waiting; default 5 min, of an approval
     * always set; 0: it is not asked at steps. */
    int64_t deadline_ms;
    enum config_gate_otherwise on_deadline; /* default fall_back; never wait */
    struct config_gate_metric metric;
    double tolerance; /* of traffic: percentage points; default 5 */
    unsigned line;
};

/* Which events start a rollout: min_running tasks run; the deployment is COMPLETED; whichever comes
 * first. */
enum config_trigger { TRIGGER_TASKS, TRIGGER_DEPLOYMENT, TRIGGER_BOTH };
const char *config_trigger_name(enum config_trigger trigger); /* "tasks", … */

/* A time of the week, or one span of time. */
struct config_window {
    unsigned days;             /* bit 0 is Monday: those on which it begins */
    unsigned from_min, to_min; /* of the day; to_min not after from_min: until the next day */
    int offset_min;            /* of its clock from UTC */
    int64_t begin_ms, end_ms;  /* a span; end_ms 0: it is weekly */
    const char *reason;        /* "": none is said */
    unsigned line;
};

/* What a rollout wants of its candidate's health. */
struct config_health_gate {
    unsigned minimum; /* percent of its addresses that have to be healthy; default 100 */
    bool is_at_step;  /* looked at when a hold is over; default true */
    bool is_in_holds; /* and at any time before, when it falls back at once; default true */
};

/* As many tasks as ECS wants of the deployment. */
#define CONFIG_ALL_RUNNING 0

struct config_rollout {
    const char *name;
    size_t *record_sets;         /* indexes into config.record_sets; they move together */
    size_t record_set_count;     /* `record_set: NAME/TYPE` or `record_sets: [NAME/TYPE, …]` */
    const char *cluster;         /* its name, or its ARN, exactly */
    unsigned min_running;        /* default 1; CONFIG_ALL_RUNNING: as many as ECS wants */
    enum config_trigger trigger; /* default TRIGGER_TASKS */
    struct config_plan plan;
    struct config_health_gate health;
    bool has_pause_hook;           /* pause hooks of its services are answered */
    struct config_window *windows; /* in which steps are taken; none: at any time */
    size_t window_count;
    struct config_gate *gates; /* beside the candidate's health, in the order of the file */
    size_t gate_count;
    unsigned line;
};

enum config_notify_type { NOTIFY_WEBHOOK, NOTIFY_SLACK, NOTIFY_EXEC };
/* What happens to rollouts, as the history calls it; ends with NULL. */
extern const char *const config_notify_events[];

/* Somebody who is told. */
struct config_notify {
    const char *name;
    enum config_notify_type type;
    const char *url; /* of all but exec */
    const char *secret_file, *ca_file;
    const char **command; /* of exec: an absolute path, and arguments */
    size_t command_count;
    uint32_t events;       /* bit i: config_notify_events[i] */
    const char **rollouts; /* names; none: all */
    size_t rollout_count;
    int64_t timeout_ms; /* of one attempt; default 10 s */
    unsigned retries;   /* default 8 */
    unsigned line;
};

/* How a queue is spoken to. */
enum config_queue_protocol {
    QUEUE_PROTOCOL_AUTO, /* JSON, and query where that is not understood */
    QUEUE_PROTOCOL_JSON,
    QUEUE_PROTOCOL_QUERY,
};

/* A queue of SQS that events come from. */
struct config_queue {
    const char *url;
    enum config_queue_protocol protocol;
    int64_t wait_ms;       /* of a long poll; whole seconds; default 20 s, at most that */
    int64_t visibility_ms; /* whole seconds; default 60 s; 2 s to 12 h */
    unsigned line;
};

/* Where AWS is and who asks, where it is not as the environment and the shared files say. */
struct config_aws {
    const char *region;
    const char *profile;
    const char *endpoint_url; /* of every service; for private endpoints and tests */
    const char *ca_file;      /* PEM */
    bool use_fips, use_dualstack;
    struct config_queue *queues; /* asked for events */
    size_t queue_count;
    int64_t ecs_interval_ms; /* how often ECS is asked what is; 0: never; default 60 s */
    unsigned line;           /* 0: the configuration has no `aws` */
};

struct config {
    const char *path; /* as given on the command line */
    struct config_server server;
    struct config_control control;
    struct config_zone *zones;
    size_t zone_count;
    struct config_health_check *health_checks;
    size_t health_check_count;
    struct config_record_set *record_sets;
    size_t record_set_count;
    struct config_rollout *rollouts;
    size_t rollout_count;
    bool log_is_json; /* default: text */
    struct config_aws aws;
    struct config_route53 route53;
    struct config_notify *notify;
    size_t notify_count;
    struct config_window *quiet_hours; /* in which no rollout takes a step */
    size_t quiet_hour_count;
    struct { /* what was read from a file, for config_find_… */
        struct search_tree health_checks, record_sets, rollouts;
    } by_name;
};

/* NULL and err when the file cannot be read or says something that cannot be served. Caller owns.
 */
MUST_CHECK struct config *config_load(const char *path, struct error *err);
/* The same for a text in memory, whose path is only named in errors and paths, not opened. */
MUST_CHECK struct config *config_parse(const char *path, const uint8_t *text, size_t len,
                                       struct error *err);
/* The path as the file means it, which begins at the folder that it lies in. Caller frees. */
char *config_beside(const struct config *config, const char *path);
/* Whether anything of it asks AWS. */
bool config_asks_aws(const struct config *config);
void config_free(struct config *config);
void config_freep(struct config **config);

/* Sockets that the server may have at once: each worker its own, for UDP and for TCP, and one
 * connection beyond the limit. */
uint64_t config_server_files(const struct config_server *server);

/* Index of the record set that is called "NAME/TYPE" (letter case aside, a final dot aside), or
 * SIZE_MAX. As in the next ones a few dozen comparisons find it among millions. */
size_t config_find_record_set(const struct config *config, const char *name, const char *type);
/* Index of the rollout, or SIZE_MAX. */
size_t config_find_rollout(const struct config *config, const char *name);
/* NULL: there is none. */
const struct config_health_check *config_find_health_check(const struct config *config,
                                                           const char *name);
