# The production image: one for web, worker, beat and migrations (docker-compose.yml).

FROM node:22-slim AS modules
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund --ignore-scripts

FROM python:3.11-slim AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock ./
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements.lock
COPY . .
COPY --from=modules /app/node_modules ./node_modules
# Nothing of the secret key made up here ends up in a file.
RUN /venv/bin/python -m crm.embedded.assets \
    && /venv/bin/python -m crm.embedded.translations \
    && SECRET_KEY=build STATIC_ROOT=/app/staticfiles /venv/bin/python manage.py collectstatic --no-input -v 0 \
    && /venv/bin/python -m compileall -q crm customers archives segments campaigns \
    && rm -rf node_modules tests

FROM python:3.11-slim
# A number, so that an orchestrator can see that it is not root.
RUN groupadd --gid 10001 dangan && useradd --uid 10001 --gid 10001 --no-create-home dangan \
    && install -d -o dangan -g dangan -m 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=crm.settings \
    CRM_HOME=/data STATIC_ROOT=/app/staticfiles CRM_KEY_FILE=/run/secrets/keys.json LOG_FORMAT=json
USER 10001:10001
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "crm.embedded.web", "0.0.0.0:8000"]
