import { stopServer } from './global-setup.ts'

export default stopServer
