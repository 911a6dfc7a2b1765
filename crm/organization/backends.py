"""Sign-in by staff number. Rights come from role and scope, so no permission tables are consulted."""

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from crm.organization.models import User


class RoleBackend(BaseBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: object
    ) -> User | None:
        if username is None or password is None:
            return None
        user = User.objects.filter(staff_no=username).first()
        if user is None:
            User().set_password(password)  # the same time for a staff number that does not exist
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.select_related("branch").filter(pk=user_id, is_active=True).first()
