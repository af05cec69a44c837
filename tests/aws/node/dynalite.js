// SPDX-License-Identifier: BSD-2-Clause
// dynalite on loopback alone: prints its URL, ends with its standard input. The first argument is
// the folder that the packages are in.
const dynalite = require(`${process.argv[2]}/node_modules/dynalite`);
const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
