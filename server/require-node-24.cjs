'use strict'
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `Node 24 is needed; this is ${process.version}. "npm ci" installs it beside the project where it can; otherwise install Node 24 yourself.`,
  )
  process.exit(1)
}
