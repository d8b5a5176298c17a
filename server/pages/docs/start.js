/** Opens the reference of this server's own document. Nothing is asked of any other host. */
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()

// What swagger-ui leaves without a name, or out of a keyboard's reach. It writes the page piece by piece.
const mend = () => {
  for (const menu of document.querySelectorAll('select:not([aria-label])')) menu.setAttribute('aria-label', 'choose 选择')
  for (const code of document.querySelectorAll('.microlight:not([tabindex])')) code.tabIndex = 0
}
new MutationObserver(mend).observe(document.body, { childList: true, subtree: true })

start().catch((error) => {
  document.querySelector('.waiting').textContent = `The document cannot be read 无法读取接口文档: ${error.message}`
})

/** Chinese where the document has it, for who reads Chinese; `?lang=` decides otherwise. */
function inLanguage(spec) {
  const wanted = new URLSearchParams(location.search).get('lang') ?? navigator.language
  if (!wanted.startsWith('zh')) return spec
  document.documentElement.lang = 'zh-CN'
  document.title = 'Shouyin 收银：接口文档'
  const operations = [spec.paths, spec.webhooks].flatMap(Object.values).flatMap(Object.values)
  for (const described of [spec.info, ...spec.tags, ...operations])
    for (const name of ['summary', 'description']) described[name] = described[`x-${name}-zh`] ?? described[name]
  return spec
}

async function start() {
  const answer = await fetch('/openapi.json')
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
  const spec = inLanguage(await answer.json())
  // What is tried out here goes to the server that this page came from, whatever its public address is; there is nothing to choose.
  delete spec.servers
  globalThis.SwaggerUIBundle({
    spec,
    dom_id: '#reference',
    deepLinking: true,
    displayOperationId: false,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
    docExpansion: 'list',
    filter: true,
    validatorUrl: null,
    requestSnippetsEnabled: true,
    onComplete: () => document.documentElement.setAttribute('data-ready', ''),
  })
}
