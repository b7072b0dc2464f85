variable "name" {
  description = "Prefix of the accounts' names."
  type        = string
  nullable    = false
}

variable "accounts" {
  description = "Accounts by key: the address of the root user, which no other account of AWS has, and the unit that the account belongs to."
  type = map(object({
    email = string
    unit  = string
  }))
  nullable = false

  validation {
    condition     = length(distinct([for account in var.accounts : lower(account.email)])) == length(var.accounts)
    error_message = "Every account has an address of its own."
  }
}

variable "security_account" {
  description = "Key of the account that watches over the others."
  type        = string
  default     = "security"
  nullable    = false

  validation {
    condition     = contains(keys(var.accounts), var.security_account)
    error_message = "The security account is one of the accounts."
  }
}

variable "regions" {
  description = "Regions outside of which no account may make anything; none for no such rule."
  type        = list(string)
  nullable    = false
}

variable "role_name" {
  description = "Role that Organizations makes in each new account, for the account that manages the organization."
  type        = string
  default     = "OrganizationAccountAccessRole"
  nullable    = false
}
