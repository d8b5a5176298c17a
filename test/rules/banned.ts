/** What must not stand in a file, and where it may. */
export type Banned = {
  readonly says: string
  readonly in: RegExp
  readonly except?: RegExp
  /** Where it is looked for: in the whole text, in all but comments, or in what runs. */
  readonly seen: 'raw' | 'words' | 'code'
  readonly pattern: RegExp
}

const everywhere = /^/
/** What a customer runs. */
const product = /^(server|shared|miniprogram)\//
const server = /^(server|shared)\//
/** The only places that know the real clock, chance and network: the two runtimes, with their log and their client, that of merchants' servers, and a page's. */
const runtimes = /^(server\/(lib\/node-runtime|emulator\/runtime)|shared\/client\/web-platform)\.ts$/
const runtimesAndLog = /^(server\/(lib\/(node-runtime|pino-log)|emulator\/runtime|pages\/[^/]+\/browser)|shared\/client\/web-platform)\.ts$/
const runtimesAndClient =
  /^(server\/(lib\/(node-runtime|http-client)|emulator\/runtime|pages\/[^/]+\/browser)|shared\/client\/web-platform)\.ts$/
const networks =
  /^(server\/(lib\/(runtime|node-runtime|http-client)|emulator\/runtime|pages\/[^/]+\/browser)|shared\/client\/web-platform)\.ts$/

export const banned: readonly Banned[] = [
  // Time, chance, network, environment
  {
    says: 'the clock comes from the runtime that is handed in',
    in: server,
    except: runtimesAndLog,
    seen: 'code',
    pattern: /\bDate\.now\b|\bnew Date(?!\w)\s*(?:\(\s*\)|(?!\s*\())|\bperformance\.now\b|\bprocess\.hrtime\b/g,
  },
  {
    says: 'waiting is the runtime’s',
    in: server,
    except: runtimesAndClient,
    seen: 'words',
    pattern: /(?<![.\w'])(?:setTimeout|setInterval|setImmediate)\b|\bAbortSignal\.timeout\(|'(?:node:)?timers(?:\/promises)?'/g,
  },
  {
    says: 'chance comes from the runtime that is handed in',
    in: server,
    except: runtimes,
    seen: 'words',
    pattern:
      /\bMath\.random\b|\brandom(?:UUID\w*|Int|FillSync|Fill)\b|\bgetRandomValues\b|\bcrypto\.random\w*|\{[^{}]*\brandom\w+[^{}]*\} from '(?:node:)?crypto'/g,
  },
  {
    says: 'the network is the runtime’s',
    in: server,
    except: networks,
    seen: 'code',
    pattern: /(?<![.\w])(?<!function )fetch\(|\bglobalThis\.fetch\b/g,
  },
  {
    says: 'the environment is read by config/ alone',
    in: server,
    except: /^server\/(main\.ts|cli\/|config\/)/,
    seen: 'code',
    pattern: /\bprocess\.env\b/g,
  },
  {
    says: 'what is said goes through the log',
    in: server,
    except: /^server\/(main\.ts|cli\/|demo\/)/,
    seen: 'code',
    pattern: /\bconsole\./g,
  },
  { says: 'nothing at a module’s level changes', in: server, seen: 'code', pattern: /^(?:export )?(?:let|var) /gm },
  // Money and states
  {
    says: 'money is an integer, and computed by money.ts',
    in: product,
    seen: 'code',
    pattern: /[*/] ?100\b(?![.\d_])|\.toFixed\b|\bparseFloat\b/g,
  },
  {
    says: 'a status is written by store/transitions.ts alone',
    in: /^server\//,
    // The moves of deliveries are a part of transitions.ts, in a file of their own.
    except: /^server\/(store\/(transitions|delivery-moves|idempotency)\.ts|emulator\/)/,
    seen: 'code',
    pattern: /(?<!\bctx|\bthis)\.status = |\.set\(\{\s*status\b/g,
  },
  {
    says: 'a wire’s words stay in its channel’s folder',
    in: product,
    // Some of our columns are called as the field calls them.
    except: /^server\/(channels\/[^/]+\/|emulator\/|store\/)/,
    seen: 'words',
    pattern:
      /\b(?:out_trade_no|out_refund_no|out_request_no|total_fee|refund_fee|cash_fee|time_expire|time_end|mch_id|sub_mch_id|sub_mchid|prepay_id|code_url|mweb_url|h5_url|nonce_str|spbill_create_ip|result_code|err_code|trade_state|trade_type|success_time|api_v3_key|associated_data|txamt|txcurrcd|txdtm|syssn|respcd|goods_name|biz_content|total_amount|trade_no|buyer_id|seller_id|app_auth_token)\b/g,
  },
  {
    says: 'names with an underscore are columns or a wire’s; ours are camelCase',
    in: product,
    except: /^server\/(channels\/[^/]+\/|emulator\/|store\/)/,
    seen: 'code',
    pattern: /(?<![\w.])[a-z]+_[a-z0-9_]+\b/g,
  },
  // Types
  { says: 'no any', in: product, seen: 'code', pattern: /(?<=[:<|&,(] ?|\bas |\[\] \| )any\b(?!\s*[(:=.])/g },
  { says: 'no ! that claims something is there', in: product, seen: 'code', pattern: /[\w)\]]!(?=[.[(),;:\s}])(?! ?=)/g },
  {
    says: 'types are not silenced',
    in: everywhere,
    except: /^test\/rules\//,
    seen: 'raw',
    pattern: /@ts-(?:ignore|nocheck)\b|\beslint-disable/g,
  },
  { says: 'what must not compile is a test', in: product, seen: 'raw', pattern: /@ts-expect-error/g },
  { says: 'only erasable TypeScript', in: everywhere, seen: 'code', pattern: /^\s*(?:export |declare |const )*(?:enum|namespace) \w/gm },
  {
    says: 'classes are for errors and for what has a life to end or a secret to keep',
    in: product,
    except: /^server\/(lib\/(secret|json)\.ts|emulator\/)/,
    seen: 'code',
    pattern: /\bclass \w+(?! extends Error\b)(?=[\s<{])/g,
  },
  // The text
  {
    says: 'exports have names',
    in: everywhere,
    // jest asks for a default.
    except: /^test\/support\/(global-setup|global-teardown|counts-reporter)\.ts$/,
    seen: 'code',
    pattern: /\bexport default\b|\bas default\b/g,
  },
  { says: 'finish it or file it', in: everywhere, except: /^test\/rules\//, seen: 'raw', pattern: /\b(?:TODO|FIXME)\b|\bXXX:/g },
]
