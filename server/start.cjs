'use strict'
// What `npm start` runs: the types of a hundred files need not be stripped again at every start.
require('./require-node-24.cjs')
const { enableCompileCache } = require('node:module')
const { join } = require('node:path')

enableCompileCache(join(__dirname, '../node_modules/.cache/shouyin'))
import('./main.ts').catch((error) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`)
  process.exit(1)
})
