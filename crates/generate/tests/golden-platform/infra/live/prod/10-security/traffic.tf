locals {
  groups = {
    # Takes the place of the platform's router for courseware-production; HTTPS ends here with a
    # certificate for the same names.
    # Source: 48915fce-41de-459a-87c6-561960297789, 4d4054d0-0ebf-4f62-b2dc-704fc433270e,
    # 5a8e04d5-0115-4496-8cd5-1654b3ba26c4, 649c6d0f-decb-4318-848e-67d4fa757fd8,
    # b36236d5-cddb-4194-96f4-7eba01f37cce, c4f5e7fb-a822-4024-aa00-808dbf3ace50.
    alb-courseware-production = "Load balancer courseware-production"

    # Takes the place of the platform's router for courseware-staging; HTTPS ends here with a
    # certificate for the same names.
    # Source: 04d77913-54ff-4328-ab6e-a66a2975e8f5, ca29dddd-f453-408e-b507-528a38a3ae01.
    alb-courseware-staging = "Load balancer courseware-staging"

    # Replaces heroku-redis-dimensional-60155 (redis 7.2.4); its content is filled anew unless it is
    # moved on purpose.
    # Source: heroku-redis-dimensional-60155.
    cache-courseware-production-cache = "Cache courseware-production-cache"

    # Replaces heroku-redis-cubed-60152 (redis 7.2.4); its content is filled anew unless it is moved
    # on purpose.
    # Source: heroku-redis-cubed-60152.
    cache-courseware-production-redis = "Cache courseware-production-redis"

    # Replaces heroku-redis-dimensional-59293 (redis 7.2.4); its content is filled anew unless it is
    # moved on purpose.
    # Source: heroku-redis-dimensional-59293.
    cache-courseware-staging-redis = "Cache courseware-staging-redis"

    # Replaces cluster heroku-postgresql-cubed-54318 (pg 16.4): it has standby nodes, so a standby
    # waits in another zone.
    # Source: heroku-postgresql-cubed-54318.
    db-courseware-production-db = "Database courseware-production-db"

    # Replaces cluster heroku-postgresql-curly-26057 (pg 16.4): one node there, so no standby here.
    # Source: heroku-postgresql-curly-26057.
    db-courseware-production-rep-96fed7 = "Database courseware-production-rep-96fed7"

    # Replaces cluster heroku-postgresql-slippery-36214 (pg 16.4): one node there, so no standby
    # here.
    # Source: heroku-postgresql-slippery-36214.
    db-courseware-staging-db = "Database courseware-staging-db"

    # An environment of its own: its nodes reach its own stores only, and a test cannot take what
    # others need.
    nodes-prod = "Nodes of prod and the pods on them"

    # An environment of its own: its nodes reach its own stores only, and a test cannot take what
    # others need.
    nodes-staging = "Nodes of staging and the pods on them"
  }

  ingress_rules = {
    # Distributions reach it inside the network; AWS counts their list of addresses as 55 rules.
    # Source: 48915fce-41de-459a-87c6-561960297789, 4d4054d0-0ebf-4f62-b2dc-704fc433270e,
    # 5a8e04d5-0115-4496-8cd5-1654b3ba26c4, 649c6d0f-decb-4318-848e-67d4fa757fd8,
    # b36236d5-cddb-4194-96f4-7eba01f37cce, c4f5e7fb-a822-4024-aa00-808dbf3ace50.
    alb-courseware-production-https-from-distributions = {
      group              = "alb-courseware-production"
      description        = "distributions reach it inside the network; AWS counts their list of addresses as 55 rules"
      ip_protocol        = "tcp"
      from_port          = 443
      to_port            = 443
      from_distributions = true
    }

    # Distributions reach it inside the network; AWS counts their list of addresses as 55 rules.
    # Source: 04d77913-54ff-4328-ab6e-a66a2975e8f5, ca29dddd-f453-408e-b507-528a38a3ae01.
    alb-courseware-staging-https-from-distributions = {
      group              = "alb-courseware-staging"
      description        = "distributions reach it inside the network; AWS counts their list of addresses as 55 rules"
      ip_protocol        = "tcp"
      from_port          = 443
      to_port            = 443
      from_distributions = true
    }

    # Pods of the same environment; which of them, their settings and network policies say.
    # Source: heroku-redis-dimensional-60155.
    cache-courseware-production-cache-6379-from-nodes-prod = {
      group       = "cache-courseware-production-cache"
      description = "pods of the same environment; which of them, their settings and network policies say"
      ip_protocol = "tcp"
      from_port   = 6379
      to_port     = 6379
      peer_group  = "nodes-prod"
    }

    # Pods of the same environment; which of them, their settings and network policies say.
    # Source: heroku-redis-cubed-60152.
    cache-courseware-production-redis-6379-from-nodes-prod = {
      group       = "cache-courseware-production-redis"
      description = "pods of the same environment; which of them, their settings and network policies say"
      ip_protocol = "tcp"
      from_port   = 6379
      to_port     = 6379
      peer_group  = "nodes-prod"
    }

    # Pods of the same environment; which of them, their settings and network policies say.
    # Source: heroku-redis-dimensional-59293.
    cache-courseware-staging-redis-6379-from-nodes-staging = {
      group       = "cache-courseware-staging-redis"
      description = "pods of the same environment; which of them, their settings and network policies say"
      ip_protocol = "tcp"
      from_port   = 6379
      to_port     = 6379
      peer_group  = "nodes-staging"
    }

    # Pods of the same environment; which of them, their settings and network policies say.
    # Source: heroku-postgresql-cubed-54318.
    db-courseware-production-db-5432-from-nodes-prod = {
      group       = "db-courseware-production-db"
      description = "pods of the same environment; which of them, their settings and network policies say"
      ip_protocol = "tcp"
      from_port   = 5432
      to_port     = 5432
      peer_group  = "nodes-prod"
    }

    # Pods of the same environment; which of them, their settings and network policies say.
    # Source: heroku-postgresql-curly-26057.
    db-courseware-production-rep-96fed7-5432-from-nodes-prod = {
      group       = "db-courseware-production-rep-96fed7"
      description = "pods of the same environment; which of them, their settings and network policies say"
      ip_protocol = "tcp"
      from_port   = 5432
      to_port     = 5432
      peer_group  = "nodes-prod"
    }

    # Pods of the same environment; which of them, their settings and network policies say.
    # Source: heroku-postgresql-slippery-36214.
    db-courseware-staging-db-5432-from-nodes-staging = {
      group       = "db-courseware-staging-db"
      description = "pods of the same environment; which of them, their settings and network policies say"
      ip_protocol = "tcp"
      from_port   = 5432
      to_port     = 5432
      peer_group  = "nodes-staging"
    }

    # Requests and health checks.
    # Source: 0a2d5b2e-6074-4316-acdb-576e2ec55385.
    nodes-prod-8080-from-alb-courseware-production = {
      group       = "nodes-prod"
      description = "requests and health checks"
      ip_protocol = "tcp"
      from_port   = 8080
      to_port     = 8080
      peer_group  = "alb-courseware-production"
    }

    # Requests and health checks.
    # Source: ed844488-2373-4c5a-aaa4-fc99b8c7686f.
    nodes-staging-8080-from-alb-courseware-staging = {
      group       = "nodes-staging"
      description = "requests and health checks"
      ip_protocol = "tcp"
      from_port   = 8080
      to_port     = 8080
      peer_group  = "alb-courseware-staging"
    }
  }

  egress_rules = {
    # Requests and health checks, straight to the pods.
    # Source: 0a2d5b2e-6074-4316-acdb-576e2ec55385.
    alb-courseware-production-8080-to-nodes-prod = {
      group       = "alb-courseware-production"
      description = "requests and health checks, straight to the pods"
      ip_protocol = "tcp"
      from_port   = 8080
      to_port     = 8080
      peer_group  = "nodes-prod"
    }

    # Requests and health checks, straight to the pods.
    # Source: ed844488-2373-4c5a-aaa4-fc99b8c7686f.
    alb-courseware-staging-8080-to-nodes-staging = {
      group       = "alb-courseware-staging"
      description = "requests and health checks, straight to the pods"
      ip_protocol = "tcp"
      from_port   = 8080
      to_port     = 8080
      peer_group  = "nodes-staging"
    }

    # The source lets everything out; narrow it once the flow logs show what is used.
    nodes-prod-tcp-to-internet = {
      group       = "nodes-prod"
      description = "the source lets everything out; narrow it once the flow logs show what is used"
      ip_protocol = "tcp"
      from_port   = 0
      to_port     = 65535
      cidr_ipv4   = "0.0.0.0/0"
    }

    # The source lets everything out; narrow it once the flow logs show what is used.
    nodes-staging-tcp-to-internet = {
      group       = "nodes-staging"
      description = "the source lets everything out; narrow it once the flow logs show what is used"
      ip_protocol = "tcp"
      from_port   = 0
      to_port     = 65535
      cidr_ipv4   = "0.0.0.0/0"
    }
  }
}
