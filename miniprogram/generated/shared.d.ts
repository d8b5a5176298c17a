/* Made from shared/ by "npm run miniprogram:shared"; not to be edited. */
export * from '../../shared/kernel/index.ts'
export * from '../../shared/api/client.ts'

/** The sources of the types mention it; no code of the mini-program may. */
declare global {
  const URL: { canParse(text: string): boolean }
}
