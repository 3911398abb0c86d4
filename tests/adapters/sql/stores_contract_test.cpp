// The store contracts, held against SQLite both ways.
#include "adapters/sql/sqlite_world.hpp"

#define CALLRAMP_STORES callramp::sql::InlineInMemory, callramp::sql::ThreadsOnFile
#include "contract/admin_store_contract.hpp"
#include "contract/attempt_contract.hpp"
#include "contract/call_store_contract.hpp"
#include "contract/campaign_contract.hpp"
#include "contract/retry_contract.hpp"
#include "contract/rollout_decision_contract.hpp"
#include "contract/rollout_evidence_contract.hpp"
#include "contract/rollout_figures_contract.hpp"
#include "contract/rollout_gauge_contract.hpp"
#include "contract/schedule_contract.hpp"
