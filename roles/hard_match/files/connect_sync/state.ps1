# How the sync server stands. Reads only.
# Answer: done, staging, enabled, suspended, version (null when unknown), busy (names of connectors that run).
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
if (Get-Module -ListAvailable -Name ADSync) {
    Import-Module -Name ADSync
} else {
    Import-Module -Name "$env:ProgramFiles\Microsoft Azure AD Sync\Bin\ADSync"
}

$scheduler = Get-ADSyncScheduler
$parameters = (Get-ADSyncGlobalSettings).Parameters
$version = $parameters | Where-Object -FilterScript { $_.Name -eq 'Microsoft.Synchronize.ServerConfigurationVersion' }
ConvertTo-Json -Compress -Depth 3 -InputObject @{
    done = $true
    staging = [bool]$scheduler.StagingModeEnabled
    enabled = [bool]$scheduler.SyncCycleEnabled
    suspended = [bool]$scheduler.SchedulerSuspended
    version = if ($version) { [string]$version.Value } else { $null }
    busy = @(Get-ADSyncConnectorRunStatus | ForEach-Object -Process { [string]$_.ConnectorName })
}
