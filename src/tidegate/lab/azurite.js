// Starts Azurite with accounts that can change while it runs: it re-reads its environment, but only its own
// process can change that. AZURITE_HOME: the installed package. AZURITE_ACCOUNTS_FILE: `name:key1:key2;…`.
"use strict";
const fs = require("fs");
const path = require("path");

const home = process.env.AZURITE_HOME;
const load = () => {
  process.env.AZURITE_ACCOUNTS = fs.readFileSync(process.env.AZURITE_ACCOUNTS_FILE, "utf8").trim();
};

load();
setInterval(load, 50).unref();
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(), 1000).unref(); // nobody is left who would stop it
require(path.join(home, "dist/src/common/utils/constants")).DEFAULT_ACCOUNTS_REFRESH_INTERVAL = 50; // milliseconds
require(path.join(home, "dist/src/azurite.js"));
