#!/usr/bin/env node
'use strict'
// What `npx shouyin` runs: whatever Node comes first in the path, the command is run by Node 24, the one beside the project if need be.
const { spawn } = require('node:child_process')
const { existsSync } = require('node:fs')
const { enableCompileCache } = require('node:module')
const { join } = require('node:path')

const neededMajor = 24
const beside = join(__dirname, '../../node_modules/node/bin/node')
const major = Number(process.versions.node.split('.')[0])

if (major >= neededMajor) run()
else if (existsSync(beside)) handOver()
else require('../require-node-24.cjs')

function run() {
  enableCompileCache(join(__dirname, '../../node_modules/.cache/shouyin'))
  // As `npm start` reads it: what is set already stays.
  if (existsSync('.env')) process.loadEnvFile('.env')
  import('./main.ts').catch((error) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`)
    process.exit(1)
  })
}

/** The same command by the other Node; who wants this process to end wants that one to end. */
function handOver() {
  const child = spawn(beside, [__filename, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  })
  child.once('exit', (code) => process.exit(code ?? 1))
}
