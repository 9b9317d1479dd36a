#pragma once
// Every message of the cluster's protocol (schema 111).

#include "tern/wire/cluster_backup_messages.hpp"
#include "tern/wire/cluster_client_messages.hpp"
#include "tern/wire/cluster_consensus_messages.hpp"
#include "tern/wire/cluster_control_messages.hpp"
#include "tern/wire/cluster_log_messages.hpp"
#include "tern/wire/cluster_snapshot_messages.hpp"
