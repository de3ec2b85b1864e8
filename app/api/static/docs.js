// Starts Swagger UI on /docs. A file of its own because the page's policy allows no inline script.
const root = document.getElementById("swagger-ui");
window.SwaggerUIBundle({
  domNode: root,
  url: root.dataset.openapi,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
