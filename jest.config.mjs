/** Tests are compiled by tsc first; jest runs the output as plain ES modules. */
export default {
  roots: ["<rootDir>/dist/js/test"],
  testMatch: ["**/*.test.js"],
  transform: {},
  maxWorkers: 2,
  testTimeout: 30_000,
  snapshotResolver: "<rootDir>/test/support/snapshot-resolver.cjs",
};
