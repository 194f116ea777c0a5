# The Gaussian random-intercept model of overall empathy in rstanarm:
#
#   Rscript random_intercept.R CONVERSATIONS DRAWS CORES SEED
#
# Reads a CSV of conversations, writes a CSV of draws with the sampler's statistics, and prints the
# seconds from the start of the process until all draws were there, and those of the fit alone.

arguments <- commandArgs(trailingOnly = TRUE)
suppressPackageStartupMessages(library(rstanarm))

conversations <- read.csv(arguments[1], stringsAsFactors = FALSE)
for (name in c("arm", "number", "scenario")) {
  in_order <- order(conversations[[paste0(name, "_place")]])
  levels <- unique(conversations[[name]][in_order])
  conversations[[name]] <- factor(conversations[[name]], levels = levels)
}

start <- proc.time()[["elapsed"]]
fit <- stan_lmer(
  overall_empathy ~ arm * number + scenario + (1 | participant),
  data = conversations,
  chains = 4, iter = 2000, warmup = 1000,
  cores = as.integer(arguments[3]), seed = as.integer(arguments[4]), refresh = 0
)
end <- proc.time()[["elapsed"]]

draws <- as.array(fit)
population <- !grepl("^b\\[", dimnames(draws)$parameters)
statistics <- rstan::get_sampler_params(fit$stanfit, inc_warmup = FALSE)
chains <- lapply(seq_along(statistics), function(chain) {
  data.frame(
    draws[, chain, population],
    statistics[[chain]][, c("divergent__", "energy__")],
    check.names = FALSE
  )
})
write.csv(do.call(rbind, chains), arguments[2], row.names = FALSE)
cat(end, end - start, "\n")
