locals {
  groups = {
    # Replaces load balancer school-lb; HTTPS ends here with a certificate for the same names.
    # Source: cert-1, lb-1.
    alb-school-lb = "Load balancer school-lb"

    # Replaces school-cron-01.
    # Source: 13.
    app-school-cron = "Servers of school-cron"

    # Replaces school-staging-01.
    # Source: 14.
    app-school-staging = "Servers of school-staging"

    # Replaces school-web-01, school-web-02.
    # Source: 11, 12.
    app-school-web = "Servers of school-web"

    # Replaces school-sessions (redis 7); its content is filled anew unless it is moved on purpose.
    # Source: cache-1.
    cache-school-sessions = "Cache school-sessions"

    # Replaces cluster school-core (mysql 8.0.35): it has standby nodes, so a standby waits in
    # another zone.
    # Source: db-core, replica-1.
    db-school-core = "Database school-core"

    # Replaces cluster school-staging (mysql 8.0.35): one node there, so no standby here.
    # Source: db-staging.
    db-school-staging = "Database school-staging"

    # Replaces volume uploads of school-web-01; a disk cannot follow servers that replace
    # themselves, so all of them mount one file system.
    # Source: vol-1.
    files-uploads = "Files uploads"
  }

  ingress_rules = {
    # Distributions reach it inside the network; AWS counts their list of addresses as 55 rules.
    # Source: cert-1, lb-1.
    alb-school-lb-https-from-distributions = {
      group              = "alb-school-lb"
      description        = "distributions reach it inside the network; AWS counts their list of addresses as 55 rules"
      ip_protocol        = "tcp"
      from_port          = 443
      to_port            = 443
      from_distributions = true
    }

    # Requests and health checks.
    # Source: lb-1.
    app-school-web-8080-from-alb-school-lb = {
      group       = "app-school-web"
      description = "requests and health checks"
      ip_protocol = "tcp"
      from_port   = 8080
      to_port     = 8080
      peer_group  = "alb-school-lb"
    }

    # Firewall web-from-lb lets it in.
    # Source: fw-1.
    app-school-web-tcp-9000-from-app-school-cron = {
      group       = "app-school-web"
      description = "firewall web-from-lb lets it in"
      ip_protocol = "tcp"
      from_port   = 9000
      to_port     = 9000
      peer_group  = "app-school-cron"
    }

    # A trusted source of the cluster.
    # Source: cache-1.
    cache-school-sessions-6379-from-app-school-web = {
      group       = "cache-school-sessions"
      description = "a trusted source of the cluster"
      ip_protocol = "tcp"
      from_port   = 6379
      to_port     = 6379
      peer_group  = "app-school-web"
    }

    # A trusted source of the cluster.
    # Source: db-core.
    db-school-core-3306-from-app-school-cron = {
      group       = "db-school-core"
      description = "a trusted source of the cluster"
      ip_protocol = "tcp"
      from_port   = 3306
      to_port     = 3306
      peer_group  = "app-school-cron"
    }

    # A trusted source of the cluster.
    # Source: db-core.
    db-school-core-3306-from-app-school-web = {
      group       = "db-school-core"
      description = "a trusted source of the cluster"
      ip_protocol = "tcp"
      from_port   = 3306
      to_port     = 3306
      peer_group  = "app-school-web"
    }

    # The source does not say who uses it, so every service of its environment may.
    # Source: db-staging.
    db-school-staging-3306-from-app-school-staging = {
      group       = "db-school-staging"
      description = "the source does not say who uses it, so every service of its environment may"
      ip_protocol = "tcp"
      from_port   = 3306
      to_port     = 3306
      peer_group  = "app-school-staging"
    }

    # Servers of the service mount it.
    # Source: vol-1.
    files-uploads-2049-from-app-school-web = {
      group       = "files-uploads"
      description = "servers of the service mount it"
      ip_protocol = "tcp"
      from_port   = 2049
      to_port     = 2049
      peer_group  = "app-school-web"
    }
  }

  egress_rules = {
    # Requests and health checks.
    # Source: lb-1.
    alb-school-lb-8080-to-app-school-web = {
      group       = "alb-school-lb"
      description = "requests and health checks"
      ip_protocol = "tcp"
      from_port   = 8080
      to_port     = 8080
      peer_group  = "app-school-web"
    }

    # The source lets everything out; narrow it once the flow logs show what is used.
    app-school-cron-tcp-to-internet = {
      group       = "app-school-cron"
      description = "the source lets everything out; narrow it once the flow logs show what is used"
      ip_protocol = "tcp"
      from_port   = 0
      to_port     = 65535
      cidr_ipv4   = "0.0.0.0/0"
    }

    # The source lets everything out; narrow it once the flow logs show what is used.
    app-school-staging-tcp-to-internet = {
      group       = "app-school-staging"
      description = "the source lets everything out; narrow it once the flow logs show what is used"
      ip_protocol = "tcp"
      from_port   = 0
      to_port     = 65535
      cidr_ipv4   = "0.0.0.0/0"
    }

    # The source lets everything out; narrow it once the flow logs show what is used.
    app-school-web-tcp-to-internet = {
      group       = "app-school-web"
      description = "the source lets everything out; narrow it once the flow logs show what is used"
      ip_protocol = "tcp"
      from_port   = 0
      to_port     = 65535
      cidr_ipv4   = "0.0.0.0/0"
    }
  }
}
