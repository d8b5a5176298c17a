/** Node runs the TypeScript as written; jest strips the types with the same stripper, so there is no transform. */
const base = {
  testEnvironment: 'node',
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  testPathIgnorePatterns: ['/node_modules/', ...(process.env.TORTURE === '1' ? [] : ['/torture/'])],
}
const project = (displayName, folder, more = {}) => ({
  ...base,
  displayName,
  testMatch: [`<rootDir>/test/${folder}/**/*.test.ts`],
  ...more,
})

export default {
  // A machine that does much else at once is slow, not wrong.
  testTimeout: 20_000,
  // The tests wait as much as they work, so each core can take one, the one that runs jest as well.
  maxWorkers: '100%',
  projects: [
    project('unit', 'unit'),
    project('rules', 'rules'),
    project('channels', 'channels'),
    project('emulator', 'emulator'),
    project('sqlite', 'integration', { globals: { storeKind: 'sqlite' } }),
    project('mysql', 'integration', {
      globals: { storeKind: 'mysql' },
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    }),
    project('simulation', 'simulation'),
    project('alone', 'alone'),
    project('browser', 'browser'),
    project('miniprogram', 'miniprogram', { testEnvironment: 'jsdom' }),
  ],
}
