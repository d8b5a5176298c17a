'use strict'
// Makes the pages at `npm ci`, and by `npm run pages`. Where the tools to do so were left out, the pages are made elsewhere.
const major = Number(process.versions.node.split('.')[0])

function missing() {
  if (major < 24) return `Node 24 is needed to build the pages; this is ${process.version}`
  try {
    require.resolve('vite/package.json')
    require.resolve('preact/package.json')
    return undefined
  } catch {
    return 'the pages are not built: vite is a development dependency, and those were left out'
  }
}

const reason = missing()
if (reason !== undefined) process.stdout.write(`${reason}\n`)
else
  import('./lib/build-pages.ts')
    .then(({ buildPages }) => buildPages())
    .catch((error) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`)
      process.exitCode = 1
    })
