// SPDX-License-Identifier: BSD-2-Clause
// fauxqs on loopback alone (its own command listens everywhere): prints its URL, ends with its
// standard input. The first argument is the folder that the packages are in.
import { pathToFileURL } from "node:url";

const { buildApp } = await import(pathToFileURL(`${process.argv[2]}/node_modules/fauxqs/dist/app.js`));
const app = buildApp({ logger: false });
console.log(await app.listen({ host: "127.0.0.1", port: 0 }));
process.stdin.on("end", () => process.exit(0)).resume();
