# Starts a delta cycle. It returns at once, and that it was started proves nothing.
# Answer: done, message (why it is to be tried again), run (number of the last run before it, of the connector to Entra ID).
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
if (Get-Module -ListAvailable -Name ADSync) {
    Import-Module -Name ADSync
} else {
    Import-Module -Name "$env:ProgramFiles\Microsoft Azure AD Sync\Bin\ADSync"
}

$connector = Get-ADSyncConnector | Where-Object -FilterScript { $_.Name -like '* - AAD' } | Select-Object -First 1
if (-not $connector) {
    throw 'This server has no connector to Entra ID, whose name ends with " - AAD".'
}
$last = Get-ADSyncRunProfileResult -ConnectorId $connector.Identifier -NumberRequested 1
$answer = @{ done = $true; message = ''; run = if ($last) { [int]$last.RunNumber } else { 0 } }
try {
    Start-ADSyncSyncCycle -PolicyType Delta | Out-Null
} catch {
    if ($_.Exception.Message -notmatch 'AAD is busy|Sync is already running') {
        throw
    }
    $answer.done = $false
    $answer.message = $_.Exception.Message
}
ConvertTo-Json -Compress -InputObject $answer
