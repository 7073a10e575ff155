/** Snapshots live beside the TypeScript test, not beside its compiled output. */
const fromOutput = (path) => path.replace("/dist/js/test/", "/test/");
const toOutput = (path) => path.replace("/test/", "/dist/js/test/");
module.exports = {
  resolveSnapshotPath: (testPath, extension) =>
    fromOutput(testPath).replace(/\/([^/]+)\.test\.js$/, `/__snapshots__/$1.test${extension}`),
  resolveTestPath: (snapshotPath, extension) =>
    toOutput(snapshotPath).replace("/__snapshots__/", "/").slice(0, -extension.length).concat(".js"),
  testPathForConsistencyCheck: "/x/dist/js/test/unit/a.test.js",
};
