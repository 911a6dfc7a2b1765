"""All models of the app, each from the file it belongs to."""

from campaigns.campaign_models import Campaign as Campaign
from campaigns.campaign_models import CampaignExclusion as CampaignExclusion
from campaigns.campaign_models import CampaignMember as CampaignMember
from campaigns.campaign_models import CampaignScript as CampaignScript
from campaigns.campaign_models import CampaignStratum as CampaignStratum
from campaigns.campaign_models import CampaignTemplate as CampaignTemplate
from campaigns.propensity.models import PropensityModel as PropensityModel
from campaigns.propensity.models import PropensityScore as PropensityScore
