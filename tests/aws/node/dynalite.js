// SPDX-License-Identifier: BSD-2-Clause
// dynalite on loopback alone, or, in a network namespace of a test's own, on the address of the
// second argument: prints its URL, ends with its standard input. The first argument is the folder
// that the packages are in.
const dynalite = require(`${process.argv[2]}/node_modules/dynalite`);
const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
const host = process.argv[3] || "127.0.0.1";
server.listen(0, host, () => console.log(`http://${host}:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
