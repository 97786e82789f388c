"use strict";
// For --require: the clock on the wall is off by so many milliseconds as a file says. Time that is measured goes on.
const fs = require("node:fs");

const RealDate = Date;
const offset = () => Number(fs.readFileSync(process.env.DKMS_AGENT_CLOCK_OFFSET, "utf8"));

globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [RealDate.now() + offset()] : given));
  }

  static now() {
    return RealDate.now() + offset();
  }
};
