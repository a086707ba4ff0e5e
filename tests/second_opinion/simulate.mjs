// Answers requests by iam-simulate, one JSON line each. It is licensed under the AGPL, so it runs as a process of its
// own test environment, and this file is all that calls it.
//
// {"documents": {ID: policy, ...}} brings policies, and is not answered. A request names them:
// {"principal": ARN, service or null (anonymous), "action": "", "resource": ARN, "owner": account, "context": {KEY: value
//  or values}, "identity": [ID], "boundary": ID or null, "policy": the resource's ID or null, "endpoint": ID or null}
// The answer is {"allowed": true or false, "ignored": [condition keys that it left out]} or {"error": what it refused}.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// The packages are in the environment's folder, not beside this file.
const required = createRequire(pathToFileURL(join(process.argv[2], 'package.json')))
const { anonymousPrincipal, runSimulation } = required('@cloud-copilot/iam-simulate')
const validation = required('@cloud-copilot/iam-policy')

const documents = new Map()
const validated = new Map()

// A policy is validated once for each use of it.
function use(kind, id) {
  const key = `${kind} ${id}`
  if (!validated.has(key)) {
    validated.set(key, validation.createValidatedPolicy(documents.get(id), validation[`validate${kind}Policy`]))
  }
  return validated.get(key)
}

const named = (kind, ids) => ids.map((id) => ({ name: id, policy: use(kind, id) }))

async function answer(request) {
  const some = (kind, id) => (id === null ? undefined : named(kind, [id]))
  const result = await runSimulation(
    {
      request: {
        principal: request.principal ?? anonymousPrincipal,
        action: request.action,
        resource: { resource: request.resource, accountId: request.owner },
        contextVariables: request.context
      },
      identityPolicies: named('Identity', request.identity),
      permissionBoundaryPolicies: some('Identity', request.boundary),
      resourcePolicy: request.policy === null ? undefined : use('Resource', request.policy),
      vpcEndpointPolicies: some('Endpoint', request.endpoint),
      serviceControlPolicies: [],
      resourceControlPolicies: []
    },
    {}
  )
  if (result.resultType === 'error') return { error: JSON.stringify(result.errors) }
  if (result.resultType !== 'single') return { error: `the result is ${result.resultType}` }
  return { allowed: result.overallResult === 'Allowed', ignored: result.result.ignoredContextKeys }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  if (asked.documents) {
    for (const [id, document] of Object.entries(asked.documents)) documents.set(id, document)
  } else {
    process.stdout.write(`${JSON.stringify(await answer(asked))}\n`)
  }
}
