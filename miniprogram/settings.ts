/** Where the server is. Before uploading, put your own https address here and among the request domains of the mini-program. */
export const serverOrigin = 'http://127.0.0.1:8600'
