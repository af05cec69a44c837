/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of example.test that BIND's dnssec-keygen made for these tests: they protect nothing. */
#include "tests/unit/test_keys.h"

const struct test_key key_ecdsa_zsk = {
    "Kexample.test.+013+03177",
    "example.test. IN DNSKEY 256 3 13 4Q51qZiczWyfsg3MB+X510P4BdmUsUpNLU1y3kAppHRSflx6xqw0e4wI "
    "z79cNxgd5WzWjZ4WFkd/3rMP5DjtBw==\n",
    "Private-key-format: v1.3\n"
    "Algorithm: 13 (ECDSAP256SHA256)\n"
    "PrivateKey: up6OxgUlbphkbnALgHzZIeAebxyj8Lrd7rq9aQl7mz8=\n",
};

const struct test_key key_ecdsa_ksk = {
    "Kexample.test.+013+59225",
    "example.test. IN DNSKEY 257 3 13 4+NQXd9opYZrudlcrmPZlkYUW4Pn9Y535ITO2B9dQ8euT8dknrVbiEDe "
    "iiLy6+9IpAZo17LrlVGovFVVQZ18kA==\n",
    "Private-key-format: v1.3\n"
    "Algorithm: 13 (ECDSAP256SHA256)\n"
    "PrivateKey: ZzybOGnrDftado5hoRlTzMvWmSBU6G9EEtpVvvuhc2I=\n",
};

const struct test_key key_ed25519 = {
    "Kexample.test.+015+61442",
    "example.test. IN DNSKEY 257 3 15 GKHjAOD4LzZnL4hNy+jzUOyfs4L7VY7Uyt6vr6bd5bE=\n",
    "Private-key-format: v1.3\n"
    "Algorithm: 15 (ED25519)\n"
    "PrivateKey: B1WPj7uqroi3n0ipo8JIlz2SNThfMcyqxb4m29/WHew=\n",
};

const struct test_key key_rsa_ksk = {
    "Kexample.test.+008+13961",
    "example.test. IN DNSKEY 257 3 8 AwEAAZhxkzIHyaLZkhHHNdfHRAUfRqS64FwVG7q5Fxjcnrv3+4CyuIBO "
    "zOjJc+3D4u6Kp/D3e5E7wuQetfEH+rTdC5+Ud8EI9HlWa5CHVscEhf8i "
    "hBTjpfGh32xL3R0vpLtjDHaxxv0OLdqylDaxxp4vsyC/iMMgfzCQBpla Rer0RTzt\n",
    "Private-key-format: v1.3\n"
    "Algorithm: 8 (RSASHA256)\n"
    "Modulus: "
    "mHGTMgfJotmSEcc118dEBR9GpLrgXBUburkXGNyeu/"
    "f7gLK4gE7M6Mlz7cPi7oqn8Pd7kTvC5B618Qf6tN0Ln5R3wQj0eVZrkIdWxwSF/yKEFOOl8aHfbEvdHS+ku2MMdrHG/"
    "Q4t2rKUNrHGni+zIL+IwyB/MJAGmVpF6vRFPO0=\n"
    "PublicExponent: AQAB\n"
    "PrivateExponent: "
    "dyTFK2QExr+PN0/"
    "gGB5IXkx8dQENm0pwGrbQg4DimvyM16BXLQjpg8L3VUw1D8TUzzNNo0v23T3Xa2OWIUdl7gVZIkba1XFoYKqEj8Ch5qFU2"
    "zqVSta/xW0GJWpNoOUn3NKEdvq6N/f6bz90yFCDJ6QDQIlG9kxaNNCzEgJuBuE=\n"
    "Prime1: "
    "xs/D5zVDQdQKJSysmLAkYlSVpQ3dxpmaJef9n33sTIRX8hdPaSpWSsHuUU5gqqQzyVqWD4iYR75PmW/xfvg9lQ==\n"
    "Prime2: "
    "xEtVa7Dn12C99hAK5EH5TVH5oIqQ5SFx512F9Xb+vAuIBMlV1ar0flwzNMChu3BLgIToYHVKPids/UGyXCA7+Q==\n"
    "Exponent1: "
    "I0DSJxxtua2EwwTB8i1BtmHzSxpDWiUAjXouoeptTUAmbBowDaDhPk5XGPnB8GA/gpPaihSZlBct/DI6a15PZQ==\n"
    "Exponent2: "
    "PcZ7lo2xGO4gOl0oIFfG7pd62RRir0mMQEUFkI+ncWSrpN37/mdz1ISNtO9ets+LY2Hwg9LFz7O2sClJyYZ3eQ==\n"
    "Coefficient: "
    "jfvi+9EEydPNNIdISP0VkxjvwtXGx9WUIy4VEutysFUQL3xizIexlLiXGMZDJgPtkDwC7VQIBFyAfliluC5ngw==\n",
};

const struct test_key key_rsa_zsk = {
    "Kexample.test.+008+53596",
    "example.test. IN DNSKEY 256 3 8 AwEAAbPudLuNb7TRvZZt5cS9jf4hW5qN0Va/EZWca+x437fWYyHu0wr4 "
    "xmCv3ktQXgjy3dSgmH0B/5nNTWkvFKA9oWIM8k+WwGELONMtXN0aJuvG "
    "ZWS2nryuPVHljv0kdQXq7knAiiLcUeHKg20GOYk1KDR0luwOAHaZg0iW zPgFy5Jj\n",
    "Private-key-format: v1.3\n"
    "Algorithm: 8 (RSASHA256)\n"
    "Modulus: "
    "s+50u41vtNG9lm3lxL2N/iFbmo3RVr8RlZxr7Hjft9ZjIe7TCvjGYK/eS1BeCPLd1KCYfQH/"
    "mc1NaS8UoD2hYgzyT5bAYQs40y1c3Rom68ZlZLaevK49UeWO/"
    "SR1BeruScCKItxR4cqDbQY5iTUoNHSW7A4AdpmDSJbM+AXLkmM=\n"
    "PublicExponent: AQAB\n"
    "PrivateExponent: "
    "isjk9T1U6k3VRFCkJ6pl+ZzVQVMeIyDheVrby9w4A16zvBqwYggdS7qbZdApmBFslXMB63o9Iu6+ROFxsV+YN/NQ8B/"
    "kxbNkKK7oJjWLhtxtNVEcMspty5OuQSiFnYJ0ywtIduBnyE3UPSoOMsghL/59KhAymu/WSrZY50KUueE=\n"
    "Prime1: "
    "4youXsST6gbzPi9LMwhbyM99S/j1uh8TYUTKzrOQliSauA+a418EqEvEW5OKajlK0Orr8deDKg43LNH+7A6dyQ==\n"
    "Prime2: "
    "ysVocuWkWeU2CsjI7D7r1jm8MkEJ662Ve8MtptIrmtiBHq7YL7saM2xSjUdcE0gqRYAkD0C08yxfVHgdHDrUyw==\n"
    "Exponent1: "
    "kBKnmCk62pmP2ieqnPI3LDQUdoOubV3aL72ulswh7mfGzOfwxzXzQT3UinQXvGkbv0bPX/HcWWbsrXt+H37hqQ==\n"
    "Exponent2: "
    "SEtV0BE8JajpObMYn9JXN0viY3B43wRGlZejASVR0qV6c7wW6/2je84VKLXWiDFkkN78/EsvuLuLSYyBpHz9PQ==\n"
    "Coefficient: "
    "No5jj1GVyFbPKxrIlfxcQnUptIPEjbZjjjdUEclSuxfxaNAR+Ye5lGT/f7JXBexl96uW/mws+XARpEyn1Hr69A==\n",
};
