# What came of a cycle: the runs since a given one, and the errors of the objects in question. Reads only.
# Run: number of the last run before the cycle; -1 asks for no cycle in particular, but for what is there now. Anchor:
# anchors (base64) of the objects.
# Answer: done (whether the cycle is over), busy (names of connectors that run), runs, and objects: those with an error, those
# that are not there (found is false), and those that could not be read (found is null).
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)][int]$Run,
    [string[]]$Anchor = @()
)
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
$busy = @(Get-ADSyncConnectorRunStatus | ForEach-Object -Process { [string]$_.ConnectorName })
$runs = @(
    Get-ADSyncRunProfileResult -ConnectorId $connector.Identifier -NumberRequested 20 |
        Where-Object -FilterScript { $_.RunNumber -gt $Run } |
        ForEach-Object -Process {
            @{
                number = [int]$_.RunNumber
                profile = [string]$_.RunProfileName
                result = [string]$_.Result
                complete = [bool]$_.IsRunComplete
            }
        }
)
$exports = @($runs | Where-Object -FilterScript { $_.profile -like '*Export*' -and $_.complete })
$done = $Run -lt 0 -or ($busy.Count -eq 0 -and $exports.Count -gt 0)
$objects = @()
if ($done) {
    $objects = @(
        foreach ($value in $Anchor) {
            # In the connector space of Entra ID an object is named by its anchor, as the hexadecimal of its letters.
            $hexadecimal = -join ([Text.Encoding]::UTF8.GetBytes($value) | ForEach-Object -Process { $_.ToString('X2') })
            try {
                $found = Get-ADSyncCSObject -ConnectorName $connector.Name -DistinguishedName "CN={$hexadecimal}"
            } catch {
                @{ immutable_id = $value; found = $null; export_error = $null; sync_error = $null }
                continue
            }
            if (-not $found) {
                @{ immutable_id = $value; found = $false; export_error = $null; sync_error = $null }
            } elseif ($found.HasExportError -or $found.HasSyncError) {
                @{
                    immutable_id = $value
                    found = $true
                    export_error = if ($found.HasExportError) { ($found.ExportError | Out-String).Trim() } else { $null }
                    sync_error = if ($found.HasSyncError) { ($found.SynchronizationError | Out-String).Trim() } else { $null }
                }
            }
        }
    )
}
ConvertTo-Json -Compress -Depth 4 -InputObject @{ done = $done; busy = $busy; runs = $runs; objects = $objects }
