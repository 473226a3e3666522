// Where this file is, in both builds: only CommonJS knows without asking the module system. The build copies it.
exports.here = __dirname;
