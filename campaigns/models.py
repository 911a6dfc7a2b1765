"""The models of all parts of this app, so that Django finds them."""

from campaigns.campaign_models import Campaign as Campaign
from campaigns.campaign_models import CampaignExclusion as CampaignExclusion
from campaigns.campaign_models import CampaignMember as CampaignMember
from campaigns.campaign_models import CampaignScript as CampaignScript
from campaigns.campaign_models import CampaignStratum as CampaignStratum
from campaigns.campaign_models import CampaignTemplate as CampaignTemplate
from campaigns.entitlements.models import Entitlement as Entitlement
from campaigns.entitlements.models import EntitlementTerm as EntitlementTerm
from campaigns.entitlements.models import LedgerBalance as LedgerBalance
from campaigns.entitlements.models import LedgerEntry as LedgerEntry
from campaigns.entitlements.models import PointsRequest as PointsRequest
from campaigns.entitlements.models import PointsRule as PointsRule
from campaigns.measurement_models import CampaignCell as CampaignCell
from campaigns.measurement_models import CampaignDay as CampaignDay
from campaigns.propensity.models import PropensityModel as PropensityModel
from campaigns.propensity.models import PropensityScore as PropensityScore
from campaigns.prospects.models import LobbyRule as LobbyRule
from campaigns.prospects.models import LobbyShift as LobbyShift
from campaigns.prospects.models import Presence as Presence
from campaigns.prospects.models import Prospect as Prospect
from campaigns.prospects.models import ProspectStep as ProspectStep
from campaigns.prospects.models import Referral as Referral
from campaigns.retention.models import Maturity as Maturity
from campaigns.retention.models import RetentionFigure as RetentionFigure
