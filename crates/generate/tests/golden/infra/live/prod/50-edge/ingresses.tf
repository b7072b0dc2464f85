locals {
  ingresses = {
    # Replaces load balancer school-lb; HTTPS ends here with a certificate for the same names.
    # Source: cert-1, lb-1.
    school-lb = {
      name              = "edtech-school-lb"
      service           = "school-web"
      domain_name       = "school.example"
      alternative_names = ["*.school.example"]
      redirect_http     = true
      security_group    = "alb-school-lb"
    }
  }
}
