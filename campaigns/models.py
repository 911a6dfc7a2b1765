"""The tables of campaigns, each kept beside what works with it."""

from campaigns.prospects.models import LobbyRule as LobbyRule
from campaigns.prospects.models import LobbyShift as LobbyShift
from campaigns.prospects.models import Presence as Presence
from campaigns.prospects.models import Prospect as Prospect
from campaigns.prospects.models import ProspectStep as ProspectStep
from campaigns.prospects.models import Referral as Referral
